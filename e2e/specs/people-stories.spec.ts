import { expect, type Page, test } from "@playwright/test";
import { figure, LOW } from "../support/figures.ts";
import { Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { complaintsOf, expectFocusShown, join, type Person, pressable } from "../support/people.ts";

/** Who invites, who only reads, and who is shown a part: each role with what it is refused. */
const fleet = new Fleet();
const people: Person[] = [];
/** Of the sandboxes that this file makes, by their label. */
const ids = { prod: "", staging: "" };

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const { items: policies } = await fleet.api<{ items: { id: string }[] }>("GET", "/policies");
  for (const env of ["prod", "staging"] as const) {
    const { id } = await fleet.api<{ id: string }>("POST", "/sandboxes", {
      name: `shop-${env}`,
      nodeId: nodes[0]?.id,
      policyId: policies[0]?.id,
      labels: { env },
      agent: { plugin: "command", command: ["/opt/node/bin/node", "-e", "setInterval(() => {}, 1e6)"] },
    });
    ids[env] = id;
  }
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  for (const { context } of people) await context.close();
  await fleet.remove();
});

const pages = () => ({
  overview: "/",
  nodes: "/nodes",
  sandboxes: "/sandboxes",
  "one sandbox": `/sandboxes/${ids.prod}`,
  decisions: "/decisions",
  inbox: "/inbox",
  policies: "/policies",
  changes: "/changes?show=all",
  "approval policies": "/changes/policies",
  audit: "/audit",
  members: "/settings/members",
  teams: "/settings/teams",
  roles: "/settings/roles",
  grants: "/settings/grants",
  "service accounts": "/settings/service-accounts",
});

/** What may be pressed by somebody who changes nothing: it shows, filters, copies or turns a page. */
const HARMLESS =
  /^(Sign out|Copy|Filter|Show|Clear|Apply filters|Newer|Older|Next|Previous|Newest|Pause|Resume|Refresh|Download|Export)/;

/** Every button of these pages that could be pressed and is not harmless, and every refusal that says nothing. */
async function dangers(page: Page): Promise<string[]> {
  const found: string[] = [];
  for (const [name, path] of Object.entries(pages())) {
    await page.goto(path);
    await expect(page.getByRole("main")).not.toContainText(/^Loading/);
    await page.waitForLoadState("load");
    found.push(...(await pressable(page)).filter((text) => !HARMLESS.test(text)).map((text) => `${name}: ${text}`));
    for (const off of await page.getByRole("main").locator("button[aria-disabled=true]").all())
      await expect(off, `${name}: why ${await off.innerText()} does nothing`).toHaveAccessibleDescription(/.{8,}/);
  }
  return found;
}

test("an owner invites somebody with a link that works once, and gives them a further role", async ({
  page,
  browser,
}) => {
  const complaints = complaintsOf(page);
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/members`);
  await page.getByRole("button", { name: "Invite…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await expectFocusShown(page, "the dialog of an invitation");
  await dialog.getByLabel("Email").fill("dora@creel.example");
  await dialog.getByLabel("Role").selectOption({ label: "developer" });
  await dialog.getByRole("button", { name: "Make the link" }).press("Enter");
  const link = (await dialog.getByLabel("Invitation link").innerText()).trim();
  await page.screenshot({ path: "test-results/screens/invitation-link.png" });
  await dialog.getByRole("button", { name: "Done" }).press("Enter");
  await expect(page.getByRole("table", { name: "Invitations" })).toContainText("dora@creel.example");
  await inspect(page, "members");

  const context = await browser.newContext();
  const joiner = await context.newPage();
  const theirs = complaintsOf(joiner);
  await joiner.goto(link);
  await joiner.getByLabel("Your name").fill("Dora");
  await joiner.getByLabel("Password").fill("dora-has-a-long-password");
  await joiner.getByRole("button", { name: "Join" }).press("Enter");
  await expect(joiner.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await expect(joiner.getByTitle("dora@creel.example, developer")).toBeVisible();

  const again = await (await browser.newContext()).newPage();
  await again.goto(link);
  await again.getByLabel("Password").fill("somebody-else-with-the-link");
  await again.getByRole("button", { name: "Join" }).press("Enter");
  await expect(again.getByRole("alert").filter({ hasText: "not valid any more" })).toBeVisible();
  await again.context().close();

  await page.goto(`${fleet.dev.webUrl}/settings/grants`);
  await page.getByRole("button", { name: "Give a role…" }).press("Enter");
  const giving = page.getByRole("dialog", { name: "Give a role" });
  await giving.getByLabel("Whom").selectOption({ label: "dora@creel.example" });
  await giving.getByLabel("Role").selectOption({ label: "approver" });
  await giving.getByLabel("Only over").fill("env=staging");
  await giving.getByLabel("For").selectOption({ label: "A working day (8 hours)" });
  await giving.getByLabel("Why").fill("Stands in this week.");
  await giving.getByRole("button", { name: "Give it" }).press("Enter");
  await expect(giving).toBeHidden();
  const given = page.getByRole("row").filter({ hasText: "dora@creel.example" }).filter({ hasText: "approver" });
  await expect(given).toContainText("env=staging");
  // What came by the invitation was given by whoever sent it, not by whoever used it.
  const invited = page.getByRole("row").filter({ hasText: "dora@creel.example" }).filter({ hasText: "developer" });
  await expect(invited.getByRole("cell", { name: fleet.dev.email, exact: true })).toBeVisible();
  await figure(page, "grants", LOW);
  await inspect(page, "grants");
  // It holds from the next thing they do, without signing in anew.
  await joiner.reload();
  await expect(joiner.getByTitle(/approver on env=staging/)).toBeVisible();
  expect([...complaints, ...theirs]).toEqual([]);
  await context.close();
});

test("the last owner cannot be taken away, and the page says why", async ({ page }) => {
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/grants`);
  await page.getByRole("button", { name: `End owner of ${fleet.dev.email}` }).press("Enter");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "End the grant" }).press("Enter");
  await expect(dialog.getByRole("alert")).toContainText(/owner/);
});

test("an auditor reads everything that is shown and finds no button that changes anything", async ({ browser }) => {
  test.setTimeout(240_000);
  const auditor = await join(browser, fleet, { email: "audrey@creel.example", role: "auditor" });
  people.push(auditor);
  const { page } = auditor;
  expect(await dangers(page)).toEqual([]);
  await page.goto("/audit");
  await expect(page.getByRole("row", { name: /invitation\.accept/ }).first()).toContainText("audrey@creel.example");
  await page.goto("/settings/secrets");
  await expect(page.getByText("Your role may not see secrets")).toBeVisible();
  expect(auditor.complaints).toEqual([]);
});

test("a viewer sees the fleet, and is told that the audit trail is not theirs", async ({ browser }) => {
  test.setTimeout(240_000);
  const viewer = await join(browser, fleet, { email: "vera@creel.example", role: "viewer" });
  people.push(viewer);
  const { page } = viewer;
  expect(await dangers(page)).toEqual([]);
  await page.goto("/audit");
  await expect(page.getByText(/^Your role may not see/)).toBeVisible();
  await inspect(page, "viewer-audit");
  expect(viewer.complaints).toEqual([]);
});

test("an operator of staging sees no prod thing, and its address answers like that of nothing", async ({ browser }) => {
  const scope = { env: ["staging"] };
  const operator = await join(browser, fleet, { email: "otto@creel.example", role: "operator", scope });
  people.push(operator);
  const { page } = operator;
  await page.goto("/sandboxes");
  await expect(page.getByRole("link", { name: "shop-staging" })).toBeVisible();
  await expect(page.getByText("shop-prod")).toHaveCount(0);
  await inspect(page, "sandboxes-of-staging");
  await page.goto(`/sandboxes/${ids.staging}`);
  await expect(page.getByRole("heading", { level: 1, name: "shop-staging" })).toBeVisible();
  expect(operator.complaints).toEqual([]);

  const bodies: string[] = [];
  for (const path of [`/sandboxes/${ids.prod}`, "/sandboxes/6b1f0f5e-3f6a-4a38-9a57-0f3f2f1d9a10"]) {
    const response = await page.goto(path);
    expect(response?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "Nothing here that you may see" })).toBeVisible();
    bodies.push(await page.getByRole("main").innerText());
  }
  expect(new Set(bodies).size).toBe(1);
  await page.goto("/sandboxes");
  expect(await page.content()).not.toContain(ids.prod);
});

test("the page of access says who may do what, and what would be missing", async ({ page }) => {
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/access`);
  await page.getByLabel("May", { exact: true }).selectOption({ label: "otto@creel.example" });
  await page.getByLabel("do this").selectOption({ label: "operate sandbox" });
  await page.getByLabel("to", { exact: true }).selectOption({ label: "sandbox shop-prod" });
  await expect(page.getByText(/otto@creel\.example may not operate the sandbox shop-prod/)).toBeVisible();
  await expect(page.getByText("does not cover it")).toBeVisible();
  await page.getByLabel("to", { exact: true }).selectOption({ label: "sandbox shop-staging" });
  await expect(page.getByText(/otto@creel\.example may operate the sandbox shop-staging/)).toBeVisible();
  await figure(page, "access", LOW);
  await inspect(page, "access");
});

test("the pages of people are sound in both themes and both widths", async ({ page }) => {
  test.setTimeout(240_000);
  const complaints = complaintsOf(page);
  await signIn(page, fleet);
  const { id } = await fleet.api<{ id: string }>("POST", "/teams", { name: "payments" });
  const { items } = await fleet.api<{ items: { userId: string; email: string }[] }>("GET", "/members");
  const dora = items.find(({ email }) => email === "dora@creel.example");
  await fleet.api("POST", `/teams/${id}/members`, { userId: dora?.userId });
  await fleet.api("POST", "/service-accounts", { name: "pipeline", description: "Builds and deploys." });
  await page.goto(`${fleet.dev.webUrl}/settings/members`);
  await expect(page.getByText("payments").first()).toBeVisible();
  await figure(page, "members", LOW);
  for (const name of ["teams", "roles", "service-accounts", "tokens", "sessions"]) {
    await page.goto(`${fleet.dev.webUrl}/settings/${name}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await inspect(page, `settings-${name}`);
  }
  expect(complaints).toEqual([]);
});
