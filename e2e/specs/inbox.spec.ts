import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";

/** More than a page shows. */
const GROUPS = 230;
/** Asks for many things that nobody allows, once each, and then for one of them again and again. */
const ASKS = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const ask = (n) => fetch("http://place-" + n + ".example.com/things/" + n + "/parts", { method: "POST" }).catch(() => 0);
for (let n = 0; n < ${GROUPS}; n++) { await ask(n); await pause(15); }
for (;;) await pause(1000);`;

interface Page {
  items: { key: string; host: string }[];
  total: number;
  next: string | null;
}
const fleet = new Fleet();
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const { items: policies } = await fleet.api<{ items: { id: string }[] }>("GET", "/policies");
  await fleet.api("POST", "/sandboxes", {
    name: "curious",
    nodeId: nodes[0]?.id,
    policyId: policies[0]?.id,
    agent: { plugin: "command", command: ["/opt/node/bin/node", "-e", ASKS] },
    restart: { policy: "never", delayMs: 0 },
  });
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

/** More than two hundred requests through a sandbox, told to the fleet, on a machine that has other things to do. */
const DENIED_MS_MAX = 120_000;

test("denied requests of more than a page are grouped, paged through and cleared by keyboard alone", async ({
  page,
}) => {
  test.setTimeout(300_000);
  await eventually(
    "all of them denied",
    async () => {
      const { total } = await fleet.api<Page>("GET", "/inbox");
      return total >= GROUPS ? total : null;
    },
    DENIED_MS_MAX,
  );
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/inbox`);
  await expect(page.getByText("Nothing is allowed beside the policies")).toBeVisible();
  await inspect(page, "inbox");

  // Nothing is chosen yet: that is said once, and heard with each button.
  await expect(page.getByText("Choose a request first.")).toHaveCount(1);
  for (const name of [/^Allow once/, /^Allow for an hour/, /^Allow for a day/, /^Propose a rule/, /^Deny for good/])
    await expect(page.getByRole("button", { name })).toHaveAccessibleDescription("Choose a request first.");
  const focused = page.locator("input[type=checkbox]:focus");
  await page.locator("body").press("j");
  await expect(page.getByRole("checkbox").first()).toBeFocused();
  await page.keyboard.press("n");
  await expect(page.getByText("Page 2", { exact: true })).toBeVisible();
  // The rows of this page, and no more those of the first, which are shown until these are there.
  await expect(page.getByRole("checkbox")).not.toHaveCount(200);
  await expect(focused).toBeVisible();
  const met = await focused.getAttribute("data-group");
  await page.keyboard.press("j");
  await expect(focused).not.toHaveAttribute("data-group", met ?? "");
  await inspect(page, "inbox-page-2");
  await page.keyboard.press("p");
  await expect(page.getByText("Page 2", { exact: true })).toBeHidden();
  // The first row that was there; the demo agent's next denial may stand above it by now.
  await expect(focused).toBeVisible();
  await expect(page.locator(`[data-group="${met}"]`)).toHaveCount(0);

  // The demo agent's own denials stand among the two hundred; the cursor goes on to one of these.
  for (let presses = 0; presses < 20 && !/place-/.test((await focused.getAttribute("aria-label")) ?? ""); presses++)
    await page.keyboard.press("j");
  await expect(focused).toHaveAccessibleName(/place-/);
  await page.keyboard.press("h");
  await expect(page.getByText("One request is dealt with.")).toBeVisible();
  const inForce = page.getByRole("table", { name: "Exceptions in force" });
  await expect(inForce.getByText(/POST place-\d+\.example\.com:80\/things\/\*\/parts/)).toBeVisible();

  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(page.getByText("1 selected", { exact: true })).toBeVisible();
  const dialog = page.getByRole("dialog", { name: /^Deny these \d+ for good$/ });
  // A page shows two hundred: what is left stands on it once they are cleared.
  for (let rounds = 0; rounds < 3; rounds++) {
    await page.keyboard.press("a");
    await page.keyboard.press("e");
    await dialog.getByLabel("Why").pressSequentially("nobody needs these");
    await page.screenshot({ path: "test-results/screens/inbox-dismiss.png" });
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden({ timeout: 120_000 });
    const { items } = await fleet.api<Page>("GET", "/inbox");
    if (!items.some(({ host }) => host.startsWith("place-"))) break;
    await page.reload();
    await expect(page.getByRole("checkbox").first()).toBeVisible();
    await page.locator("body").press("j");
  }
  await eventually("an empty inbox", async () => {
    const { items } = await fleet.api<Page>("GET", "/inbox");
    return items.some(({ host }) => host.startsWith("place-")) ? null : items;
  });

  await inForce.getByRole("button", { name: /^End the exception for/ }).click();
  await expect(page.getByText("Nothing is allowed beside the policies")).toBeVisible();
  await page.getByRole("link", { name: "Denied for good" }).click();
  await expect(page.getByText(/nobody needs these/).first()).toBeVisible();
  await inspect(page, "inbox-dismissed");
});

test("who may only look is told why the buttons do nothing", async ({ page }) => {
  await fleet.api("POST", "/exceptions", {
    sandboxIds: [(await fleet.api<{ id: string }>("GET", "/sandboxes/curious")).id],
    binary: "/usr/bin/curl",
    host: "api.example.com",
    port: 443,
    reason: "a look at the panel",
  });
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/inbox`);
  await expect(page.getByText("connect api.example.com:443")).toBeVisible();
});
