import { readFileSync } from "node:fs";
import { type Browser, expect, type Page, test } from "@playwright/test";
import { figure, LOW } from "../support/figures.ts";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { complaintsOf, join, type Person, pressable } from "../support/people.ts";
import { sandboxOf } from "../support/views.ts";

/** What each role does and is refused: keys and teams by keyboard, a developer, an operator, an auditor, an owner of two organizations. */
const fleet = new Fleet();
const people: Person[] = [];
let owner: { page: Page; complaints: string[] };

test.describe.configure({ mode: "serial" });
test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  await fleet.start();
  const page = await (await browser.newContext({ baseURL: fleet.dev.webUrl })).newPage();
  owner = { page, complaints: complaintsOf(page) };
  await signIn(page, fleet);
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  for (const { context } of people) await context.close();
  await owner?.page.context().close();
  await fleet.remove();
});

async function arrive(browser: Browser, name: string, role: string): Promise<Person> {
  const person = await join(browser, fleet, { email: `${name}@creel.example`, role });
  people.push(person);
  return person;
}
const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
const IDLE = { plugin: "command", command: ["/opt/node/bin/node", "-e", "setInterval(() => {}, 1e6)"] };

test("an owner makes a team, a role, a service account and its key by keyboard alone, and ends the key", async () => {
  const { page } = owner;
  await page.goto("/settings/teams");
  await page.getByLabel("Name").fill("payments");
  await page.keyboard.press("Enter");
  const team = page.getByRole("region", { name: "payments" });
  await team.getByLabel("Add to payments").selectOption({ label: fleet.dev.email });
  await button(page, "Add").press("Enter");
  await expect(team.getByRole("listitem")).toContainText(fleet.dev.email);

  await page.goto("/settings/roles");
  await expect(page.getByRole("row").filter({ hasText: "security admin" })).toContainText("built in");
  await button(page, "New role").press("Enter");
  const roleDialog = page.getByRole("dialog", { name: "New role" });
  await roleDialog.getByLabel("Name").fill("release-manager");
  await roleDialog.getByRole("group", { name: "sandbox", exact: true }).getByLabel("operate").press("Space");
  await roleDialog.getByRole("group", { name: "sandbox", exact: true }).getByLabel("read").press("Space");
  await roleDialog.getByRole("button", { name: "Make role" }).press("Enter");
  await expect(page.getByRole("row").filter({ hasText: "release-manager" })).toBeVisible();

  await page.goto("/settings/service-accounts");
  await page.getByLabel("Name").fill("pipeline");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Builds and deploys.");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row").filter({ hasText: "pipeline" })).toBeVisible();
  await inspect(page, "roles-service-accounts");

  await page.goto("/settings/tokens");
  await button(page, "New token").press("Enter");
  const made = page.getByRole("dialog", { name: "New API token" });
  await made.getByLabel("Whose").selectOption({ label: "pipeline (service account)" });
  await made.getByLabel("Name").fill("deploys");
  await page.keyboard.press("Enter");
  const key = (await made.getByLabel("API token").innerText()).trim();
  expect(key).toMatch(/^creel_/);
  await button(page, "Done").press("Enter");
  await button(page, "Rotate deploys").press("Enter");
  const rotated = page.getByRole("dialog", { name: "Rotate deploys" });
  await rotated.getByRole("button", { name: "Make the new token" }).press("Enter");
  await expect(rotated.getByLabel("API token")).not.toHaveText(key);
  await button(page, "Done").press("Enter");
  await expect(page.getByRole("row").filter({ hasText: "rotated from" })).toBeVisible();
  await figure(page, "tokens", LOW);
  await inspect(page, "roles-tokens");
  await button(page, "Revoke deploys").first().press("Enter");
  const ending = page.getByRole("dialog");
  await ending.getByRole("button", { name: /^Revoke/ }).press("Enter");
  await expect(ending).toBeHidden();
  await expect(page.getByRole("row").filter({ hasText: "deploys" }).filter({ hasText: "revoked" })).toHaveCount(2);
});

test("a developer makes a key, and with it a sandbox; proposes a rule; and is told why the rest is not theirs", async ({
  browser,
}) => {
  const developer = await arrive(browser, "dev", "developer");
  const { page } = developer;
  await page.goto("/settings/tokens");
  await button(page, "New token").press("Enter");
  const dialog = page.getByRole("dialog", { name: "New API token" });
  await dialog.getByLabel("Name").fill("my laptop");
  await dialog.getByLabel("Role").selectOption({ label: "developer" });
  await dialog.getByLabel("Name").press("Enter");
  const token = (await dialog.getByLabel("API token").innerText()).trim();
  const ask = async (path: string, body?: unknown): Promise<{ items: { id: string }[] }> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = body === undefined ? { headers } : { headers, method: "POST", body: JSON.stringify(body) };
    const answer = await fetch(`${fleet.dev.webUrl}/api/v1${path}`, init);
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true);
    // Guarantee: lists have items; what is made is looked for on its page.
    return (await answer.json()) as { items: { id: string }[] };
  };
  const [node] = (await ask("/nodes")).items;
  const [policy] = (await ask("/policies")).items;
  await ask("/sandboxes", { name: "mine", nodeId: node?.id, policyId: policy?.id, agent: IDLE });
  await page.goto("/sandboxes");
  await page.getByRole("link", { name: "mine", exact: true }).press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "mine" })).toBeVisible();
  await expect(button(page, "Remove")).toHaveAttribute("aria-disabled", "true");
  await expect(button(page, "Remove")).toHaveAccessibleDescription(/developer\) does not allow this/);
  await inspect(page, "developer-sandbox");

  await page.goto("/policies");
  await page.getByRole("link", { name: "demo", exact: true }).first().click();
  await page.getByRole("textbox", { name: "Policy as YAML" }).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(RULE);
  await button(page, "Review and save…").click();
  await page.getByRole("dialog").getByLabel("Message").fill("The agent may paste.");
  await page.getByRole("dialog").getByRole("button", { name: "Save new version" }).click();
  await page.getByRole("dialog").getByRole("link", { name: "See who can approve it" }).click();
  await expect(button(page, "Approve")).toHaveAccessibleDescription(/You proposed this change/);
  await page.goto("/settings/grants");
  await expect(button(page, "Give a role…")).toHaveAccessibleDescription(/does not allow this/);
  await page.goto("/settings/secrets");
  await expect(page.getByText("Your role may not see secrets")).toBeVisible();
});
const RULE = `  paste:
    endpoints:
      - host: paste.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: POST, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;

test("an operator kills what runs, and can neither approve nor release", async ({ browser }) => {
  const operator = await arrive(browser, "otto", "operator");
  const { page } = operator;
  const { id } = await sandboxOf(fleet, "mine");
  await page.goto(`/sandboxes/${id}`);
  await button(page, "Kill…").press("Enter");
  const dialog = page.getByRole("dialog", { name: "Kill mine?" });
  await dialog.getByLabel("Reason").fill("It asks for what nobody needs.");
  await dialog.getByRole("button", { name: "Kill mine" }).press("Enter");
  await expect(dialog).toBeHidden();
  await eventually("it has ended", async () =>
    (await sandboxOf(fleet, "mine")).status?.phase === "stopped" ? true : null,
  );
  await page.goto("/changes");
  await page.getByRole("table", { name: "Changes" }).getByRole("link").first().press("Enter");
  await expect(button(page, "Approve")).toHaveAttribute("aria-disabled", "true");
  await expect(button(page, "Approve")).toHaveAccessibleDescription(/does not let you approve changes/);
  await inspect(page, "operator-change");
  expect(operator.complaints).toEqual([]);
});

test("an auditor takes the trail out as a table and as lines, by the filters of the page, and changes nothing", async ({
  browser,
}) => {
  const auditor = await arrive(browser, "audrey", "auditor");
  const { page } = auditor;
  await page.goto("/audit?action=sandbox.kill");
  await inspect(page, "auditor-audit");
  await figure(page, "audit-export", LOW);
  const take = async (name: string): Promise<string> => {
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name }).press("Enter");
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^audit-\d{4}-\d\d-\d\d\.(csv|jsonl)$/);
    return readFileSync(await file.path(), "utf8");
  };
  const table = await take("Download as CSV");
  expect(table.split("\r\n")[0]).toMatch(/^at,action,actor_kind,/);
  expect(table).toContain("otto@creel.example");
  expect(table).not.toContain("token.create");
  const lines = (await take("Download as JSON lines")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as { action: string }).action)).toEqual(["sandbox.kill"]);
  expect((await pressable(page)).filter((name) => !/^(Apply|Filter|Show|Clear)/.test(name))).toEqual([]);
  expect(auditor.complaints).toEqual([]);
});

test("who may not export is told so at the button, and by the address itself", async ({ browser }) => {
  const approver = await arrive(browser, "ann", "approver");
  const { page } = approver;
  await page.goto("/audit");
  await expect(button(page, "Download as CSV")).toHaveAccessibleDescription(/approver\) does not allow this/);
  expect((await approver.context.request.get("/audit/export?format=csv")).status()).toBe(403);
});

test("a link of a message that is opened signed out leads through the sign-in to what it names", async ({
  browser,
}) => {
  const { items } = await fleet.api<{ items: { id: string; title: string }[] }>("GET", "/changes?show=waiting");
  const address = `/changes/${items[0]?.id}`;
  const approver = people.find(({ email }) => email.startsWith("ann"));
  const context = await browser.newContext({ baseURL: fleet.dev.webUrl });
  const page = await context.newPage();
  await page.goto(address);
  await expect(page).toHaveURL(new RegExp(`/signin\\?next=${encodeURIComponent(address)}`));
  await page.getByLabel("Email").fill(approver?.email ?? "");
  await page.getByLabel("Password").fill(approver?.password ?? "");
  await page.getByLabel("Password").press("Enter");
  await expect(page).toHaveURL(`${fleet.dev.webUrl}${address}`);
  await expect(button(page, "Approve")).toBeVisible();
  // An address elsewhere is no place to come back to.
  await context.clearCookies();
  await page.goto("/signin?next=//evil.example/changes");
  await page.getByLabel("Email").fill(approver?.email ?? "");
  await page.getByLabel("Password").fill(approver?.password ?? "");
  await page.getByLabel("Password").press("Enter");
  await expect(page).toHaveURL(`${fleet.dev.webUrl}/`);
  await context.close();
});

test("an owner founds a further organization, and after a switch nothing of the other is to be seen in any tab", async () => {
  const { page } = owner;
  const { id } = await sandboxOf(fleet, "mine");
  const other = await page.context().newPage();
  await other.goto("/sandboxes");
  await expect(other.getByRole("link", { name: "mine" })).toBeVisible();
  const menu = (tab: Page) => tab.getByRole("button", { name: /^Organization: / });
  await page.goto("/");
  await page.getByLabel("Colour theme").selectOption({ label: "Light" });
  await menu(page).press("Enter");
  await page.getByRole("menuitem", { name: /New organization/ }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "New organization" });
  await dialog.getByLabel("Name").fill("Globex Research");
  await figure(page, "new-organization", { width: 1000, height: 520 });
  await dialog.getByLabel("Name").press("Enter");
  await expect(menu(page)).toHaveAccessibleName("Organization: Globex Research");
  // The other tab follows by itself.
  await expect(menu(other)).toHaveAccessibleName("Organization: Globex Research");
  await other.goto("/sandboxes");
  await expect(other.getByText("No sandbox yet")).toBeVisible();
  await inspect(other, "founded-sandboxes");
  for (const path of [
    "/",
    "/nodes",
    "/sandboxes",
    "/decisions",
    "/policies",
    "/changes?show=all",
    "/settings/members",
  ]) {
    await page.goto(path);
    const text = await page.content();
    for (const mark of [id, "shop-", "dev@creel.example", "payments"])
      expect(text, `${path}: ${mark}`).not.toContain(mark);
  }
  expect((await page.goto(`/sandboxes/${id}`))?.status()).toBe(404);
  await page.goto("/settings/members");
  await expect(page.getByRole("table", { name: "Members" }).getByRole("row")).toHaveCount(2);
  await page.goto("/audit?action=org.create");
  await expect(page.getByRole("row", { name: /org\.create/ })).toHaveCount(1);
  await menu(page).press("Enter");
  await page.getByRole("menuitemradio", { name: /^Creel/ }).press("Enter");
  await expect(menu(page)).toHaveAccessibleName("Organization: Creel");
  await expect(menu(other)).toHaveAccessibleName("Organization: Creel");
  await other.close();
});

test("no page of these stories complained", () => {
  const all = people.flatMap(({ email, complaints }) => complaints.map((each) => `${email}: ${each}`));
  const own = owner.complaints.filter((each) => !/404 \(Not Found\).*\/sandboxes\//.test(each));
  expect([...all, ...own]).toEqual([]);
});
