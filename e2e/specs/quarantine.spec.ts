import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { runningSandbox, type Sandbox, sandboxOf } from "../support/views.ts";

const fleet = new Fleet();
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const { items: policies } = await fleet.api<{ items: { id: string }[] }>("GET", "/policies");
  await fleet.api<Sandbox>("POST", "/sandboxes", {
    name: "suspect",
    nodeId: nodes[0]?.id,
    policyId: policies[0]?.id,
    agent: { plugin: "command", command: ["/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"] },
    restart: { policy: "always", delayMs: 0 },
  });
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

const inPhase = (name: string, phase: string) =>
  eventually(`${name} ${phase}`, async () => {
    const sandbox = await sandboxOf(fleet, name);
    return sandbox.status?.phase === phase ? sandbox : null;
  });

test("a sandbox is killed from its page, by keyboard, and no restart policy brings it back", async ({ page }) => {
  await runningSandbox(fleet, "suspect");
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/sandboxes`);
  await page.getByRole("link", { name: "suspect", exact: true }).click();
  await page.getByRole("button", { name: "Kill…" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Kill suspect?" });
  await expect(dialog.getByText(/every process inside ends at once/)).toBeVisible();
  await dialog.getByLabel("Reason").fill("it behaves oddly");
  await page.screenshot({ path: "test-results/screens/kill-dialog.png" });
  await dialog.getByRole("button", { name: "Kill suspect" }).focus();
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByText("Killed as asked: everything inside ended at once.")).toBeVisible();
  expect((await inPhase("suspect", "stopped")).status?.restarts).toBe(0);
});

test("quarantine says who holds it and why, nothing but a release lets it out, and the audit says all of it", async ({
  page,
}) => {
  await fleet.api("POST", "/sandboxes/suspect/start");
  await runningSandbox(fleet, "suspect");
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/sandboxes`);
  await page.getByRole("link", { name: "suspect", exact: true }).click();
  await page.getByRole("button", { name: "Quarantine…" }).click();
  const dialog = page.getByRole("dialog", { name: "Quarantine suspect?" });
  await dialog.getByLabel("Reason").fill("for the forensics");
  await dialog.getByRole("button", { name: "Quarantine suspect" }).click();
  const notice = page.getByRole("region", { name: "Quarantine" });
  await expect(notice.getByText(/By owner@creel\.local.*for the forensics/)).toBeVisible();
  await inPhase("suspect", "quarantined");
  await expect(page.getByText("It is in quarantine; release it first.").first()).toBeVisible();
  await inspect(page, "quarantine");

  await notice.getByRole("button", { name: "Release…" }).click();
  const release = page.getByRole("dialog", { name: "Release suspect?" });
  await expect(release.getByText("Say why first.")).toBeVisible();
  await release.getByLabel("Why it may run again").fill("nothing found");
  await release.getByRole("button", { name: "Release suspect" }).click();
  await expect(notice).toBeHidden();
  await inPhase("suspect", "stopped");
  await page.goto(`${fleet.dev.webUrl}/audit`);
  for (const action of ["sandbox.kill", "sandbox.release"])
    await expect(page.getByRole("row", { name: new RegExp(action.replace(".", "\\.")) }).first()).toContainText(
      "suspect",
    );
});

test("the kill switch of a node names what it touches, and that of the organization wants its name typed", async ({
  page,
}) => {
  await fleet.api("POST", "/sandboxes/suspect/start");
  await runningSandbox(fleet, "suspect");
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/sandboxes`);
  await page.getByRole("button", { name: "Kill all…" }).click();
  const all = page.getByRole("dialog", { name: /^Kill every sandbox of/ });
  await expect(all.getByText(/suspect/)).toBeVisible();
  await expect(all.getByText(`Type ${fleet.dev.orgSlug} first.`)).toBeVisible();
  await page.screenshot({ path: "test-results/screens/kill-all-dialog.png" });
  await page.keyboard.press("Escape");
  await expect(all).toBeHidden();

  await page.goto(`${fleet.dev.webUrl}/nodes`);
  await page.getByRole("link", { name: "local", exact: true }).first().click();
  await page.getByRole("button", { name: "Kill all…" }).click();
  const node = page.getByRole("dialog", { name: "Kill everything on local?" });
  await expect(node.getByText(/suspect/)).toBeVisible();
  await node.getByRole("button", { name: /^Kill \d+ sandbox/ }).click();
  await expect(node).toBeHidden();
  await inPhase("suspect", "stopped");
  await inPhase("demo", "stopped");
});
