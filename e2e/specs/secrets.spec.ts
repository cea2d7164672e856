import { execFileSync } from "node:child_process";
import { expect, test } from "@playwright/test";
import { Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";

const fleet = new Fleet();
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

const FIRST = "ghp_first-value-0123456789";
const SECOND = "ghp_second-value-0123456789";
/** The command line of this deployment, with something on its standard input. */
const creel = (args: string[], input = ""): string =>
  execFileSync(process.execPath, ["apps/cli/bin/creel.js", ...args], {
    input,
    encoding: "utf8",
    env: { ...process.env, CREEL_URL: fleet.dev.webUrl, CREEL_TOKEN: fleet.dev.apiToken },
  });

test("a secret is kept, bound, rotated and removed on its pages, and no page ever shows a value", async ({ page }) => {
  await signIn(page, fleet);
  const told: string[] = [];
  page.on("response", (response) => {
    response.text().then(
      (text) => told.push(text),
      () => undefined,
    );
  });
  await page.goto(`${fleet.dev.webUrl}/settings/secrets`);
  await expect(page.getByText("No secret yet")).toBeVisible();
  await inspect(page, "secrets-empty");

  await page.getByRole("button", { name: "New secret" }).press("Enter");
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Give it a name.")).toBeVisible();
  await dialog.getByLabel("Name").fill("GITHUB_TOKEN");
  await dialog.getByLabel("Value").fill("short");
  await dialog.getByRole("button", { name: "Keep secret" }).press("Enter");
  await expect(dialog.getByRole("alert")).toContainText("a value has at least 8 characters");
  await dialog.getByLabel("Value").fill(FIRST);
  await dialog.getByLabel("What for").fill("reads the tickets");
  await inspect(page, "secrets-new");
  await dialog.getByRole("button", { name: "Keep secret" }).press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "GITHUB_TOKEN" })).toBeVisible();
  await expect(page.getByText("No sandbox may use it")).toBeVisible();

  await page.getByRole("button", { name: "Bind…" }).press("Enter");
  await dialog.getByLabel("Sandbox").selectOption({ label: "demo" });
  await inspect(page, "secret-bind");
  await dialog.getByRole("button", { name: "Bind GITHUB_TOKEN" }).press("Enter");
  const users = page.getByRole("region", { name: "Sandboxes that may use it, and where" });
  await expect(users).toContainText("nowhere: its policy names no place for it");

  await page.getByRole("button", { name: "Rotate…" }).press("Enter");
  await dialog.locator("input[type=password]").fill(SECOND);
  await dialog.getByRole("button", { name: "Rotate GITHUB_TOKEN" }).press("Enter");
  await expect(page.getByRole("region", { name: "Versions", exact: true })).toContainText("known until");
  await inspect(page, "secret");

  await page.getByRole("button", { name: "Take away from demo" }).press("Enter");
  await dialog.getByRole("button", { name: "Take GITHUB_TOKEN away" }).press("Enter");
  await expect(page.getByText("No sandbox may use it")).toBeVisible();
  await page.getByRole("button", { name: "Remove…" }).press("Enter");
  await dialog.getByRole("button", { name: "Remove GITHUB_TOKEN" }).press("Enter");
  await expect(page.getByText("No secret yet")).toBeVisible();
  expect(told.length).toBeGreaterThan(5);
  for (const value of [FIRST, SECOND]) expect(told.join("\n")).not.toContain(value);
});

test("the command line keeps and binds one, and its labels are on the page", async ({ page }) => {
  expect(creel(["secret", "set", "CI_TOKEN"], `${FIRST}\n`)).toContain("CI_TOKEN is kept");
  creel(["secret", "bind", "CI_TOKEN", "--label", "env=prod", "--label", "env=staging"]);
  expect(creel(["secret", "show", "CI_TOKEN"])).toContain("env=prod|staging");
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/secrets`);
  await page.getByRole("link", { name: "CI_TOKEN" }).press("Enter");
  await expect(page.getByRole("region", { name: "Who may use it", exact: true })).toContainText("env=prod|staging");
});
