import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { proveInDialog } from "../support/people.ts";
import { ageProofs } from "../support/proofs.ts";

const fleet = new Fleet();
const config = mkdtempSync(join(tmpdir(), "creel-login-"));
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  rmSync(config, { recursive: true, force: true });
  await fleet.remove();
});

/** The command line of somebody who has no token. */
const creel = (...args: string[]): { child: ChildProcess; said: () => string } => {
  const { CREEL_TOKEN: _none, ...env } = process.env;
  const child = spawn(process.execPath, ["apps/cli/bin/creel.js", ...args], {
    env: { ...env, CREEL_HOME: join(config, "home"), XDG_CONFIG_HOME: config, CREEL_URL: fleet.dev.webUrl },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (piece) => {
      said += piece;
    });
  return { child, said: () => said };
};
const ended = async ({ child }: { child: ChildProcess }): Promise<number | null> =>
  child.exitCode ?? (await new Promise((resolve) => child.once("close", resolve)));

test("an act that needs a proof asks for it by itself, keeps what was typed, and goes on", async ({ page }) => {
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/tokens`);
  await ageProofs(fleet);
  await page.getByRole("button", { name: "New token" }).press("Enter");
  const form = page.getByRole("dialog", { name: "New API token" });
  await form.getByLabel("Name").fill("nightly report");
  await form.getByRole("button", { name: "Create token" }).press("Enter");
  const proof = page.getByRole("dialog", { name: "Prove that it is you" });
  await expect(proof.getByLabel("Password")).toBeFocused();
  await inspect(page, "step-up");
  // Not now: the act fails with why, and nothing that was typed is lost.
  await page.keyboard.press("Escape");
  await expect(proof).toBeHidden();
  await expect(form.getByRole("alert")).toContainText("Prove that it is you");
  await expect(form.getByLabel("Name")).toHaveValue("nightly report");
  await form.getByRole("button", { name: "Create token" }).press("Enter");
  await proof.getByLabel("Password").fill("wrong");
  await page.keyboard.press("Enter");
  await expect(proof.getByRole("alert")).toContainText("wrong");
  await proof.getByLabel("Password").fill("");
  await proveInDialog(page, fleet.dev.password);
  await expect(form.getByText("Copy it now")).toBeVisible();
  await form.getByRole("button", { name: "Done" }).press("Enter");
  // Ten minutes long nobody is asked again.
  await page.getByRole("button", { name: "New token" }).press("Enter");
  await form.getByLabel("Name").fill("second");
  await form.getByRole("button", { name: "Create token" }).press("Enter");
  await expect(form.getByText("Copy it now")).toBeVisible();
});

test("a command line is signed in by a code, works, and is signed out", async ({ page }) => {
  const login = creel("login");
  const code = await eventually("a code", () => /type the code ([A-Z]{4}-[A-Z]{4})/.exec(login.said())?.[1] ?? null);
  await page.goto(`${fleet.dev.webUrl}/device`);
  await page.getByLabel("Email").fill(fleet.dev.email);
  await page.getByLabel("Password").fill(fleet.dev.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in a command line" })).toBeVisible();
  await inspect(page, "device");
  await page.getByRole("textbox", { name: "Code" }).fill("BBBB-BBBB");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No program waits with this code")).toBeVisible();
  await page.getByRole("textbox", { name: "Code" }).fill(code.toLowerCase());
  await page.keyboard.press("Enter");
  await expect(page.getByText("Only if you started this yourself")).toBeVisible();
  await inspect(page, "device-confirm");
  await page.getByRole("button", { name: "Sign it in" }).press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Signed in" })).toBeVisible();
  expect(await ended(login)).toBe(0);
  expect(statSync(join(config, "creel/login.json")).mode & 0o777).toBe(0o600);

  const members = creel("member", "ls");
  expect(await ended(members)).toBe(0);
  expect(members.said()).toContain(fleet.dev.email);
  expect(await ended(creel("logout"))).toBe(0);
  expect(await ended(creel("member", "ls"))).toBe(2);
});
