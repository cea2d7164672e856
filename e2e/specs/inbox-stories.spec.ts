import { type Browser, expect, test } from "@playwright/test";
import { figure } from "../support/figures.ts";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect } from "../support/pages.ts";
import { join, type Person } from "../support/people.ts";
import { type Decision, decisionsAfter } from "../support/views.ts";

/** One that asks for the same denied thing every half second, so that each change of its right shows at once. */
const ASKS = `
const ask = () => fetch("https://paste.creel.example/api/paste", { method: "POST", body: "{}" }).then((r) => r.text()).catch(() => 0);
for (;;) { await ask(); await new Promise((resolve) => setTimeout(resolve, 500)); }`;

/** One that writes where it may only read. */
const POLITE = `
await fetch("https://tickets.creel.example/api/tickets/7/close", { method: "POST", body: "{}" }).then((r) => r.text()).catch(() => 0);
setInterval(() => {}, 1000);`;
const POLITE_POLICY = `version: 1
network_policies:
  tickets:
    endpoints:
      - { host: tickets.creel.example, port: 443, protocol: rest, access: read-only }
    binaries:
      - path: /opt/node/bin/node
`;

const fleet = new Fleet();
const people: Person[] = [];
let sandboxId = "";

async function arrive(browser: Browser, email: string, role: string): Promise<Person> {
  const person = await join(browser, fleet, { email, role });
  people.push(person);
  return person;
}

test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const { items: policies } = await fleet.api<{ items: { id: string }[] }>("GET", "/policies");
  const made = await fleet.api<{ id: string }>("POST", "/sandboxes", {
    name: "eager",
    nodeId: nodes[0]?.id,
    policyId: policies[0]?.id,
    agent: { plugin: "command", command: ["/opt/node/bin/node", "--input-type=module", "-e", ASKS] },
    restart: { policy: "never", delayMs: 0 },
  });
  sandboxId = made.id;
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  for (const { context } of people) await context.close();
  await fleet.remove();
});

/** The newest decision about the paste server in this sandbox, once it is as expected. */
const asked = (decision: "allow" | "deny", after: number): Promise<Decision> =>
  eventually(`a request that is ${decision === "allow" ? "allowed" : "denied"}`, async () => {
    const found = (await decisionsAfter(fleet, after)).filter(
      (each) => each.host === "paste.creel.example" && each.sandboxId === sandboxId,
    );
    const last = found.at(-1);
    return last?.decision === decision ? last : null;
  });

test("what was denied is allowed for an hour by one key, the agent uses it, and ending it denies again", async ({
  browser,
}) => {
  const admin = await arrive(browser, "sam@creel.example", "security_admin");
  const { page } = admin;
  const denied = await asked("deny", 0);
  await page.goto("/inbox");
  const row = page.getByRole("row").filter({ hasText: "eager" }).filter({ hasText: "paste.creel.example" });
  const box = row.getByRole("checkbox");
  await expect(box).toBeVisible();
  await figure(page, "inbox");
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press("j");
    if ((await box.and(page.locator(":focus")).count()) > 0) break;
  }
  await expect(box).toBeFocused();
  await page.keyboard.press("h");
  const inForce = page.getByRole("table", { name: "Exceptions in force" });
  await expect(inForce).toContainText("paste.creel.example:443");
  await inspect(page, "inbox-granted");
  const allowed = await asked("allow", denied.cursor);
  await page.goto(`/decisions/${allowed.id}`);
  await expect(page.getByText(/exception/i).first()).toBeVisible();

  await page.goto("/inbox");
  await inForce
    .getByRole("button", { name: /^End the exception for paste/ })
    .first()
    .press("Enter");
  await asked("deny", allowed.cursor);
  expect(admin.complaints).toEqual([]);
});

test("from the inbox a rule is proposed and edited first, and another is denied for good with its reason", async () => {
  const [first] = people;
  if (first === undefined) throw new Error("the first story signed nobody in");
  const { page, complaints } = first;
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const made = await fleet.api<{ id: string }>("POST", "/policies", { name: "polite", yaml: POLITE_POLICY });
  await fleet.api("POST", "/sandboxes", {
    name: "polite",
    nodeId: nodes[0]?.id,
    policyId: made.id,
    agent: { plugin: "command", command: ["/opt/node/bin/node", "--input-type=module", "-e", POLITE] },
    restart: { policy: "never", delayMs: 0 },
  });
  await page.goto("/inbox");
  const row = page.getByRole("row").filter({ hasText: "polite" }).filter({ hasText: "tickets.creel.example" });
  await row.getByRole("checkbox").focus();
  await page.keyboard.press("r");
  const allow = page.getByRole("dialog", { name: "Allow this request" });
  await expect(allow.getByText(/tickets\/7\/close/).first()).toBeVisible();
  await allow.getByRole("button", { name: "Edit it first" }).click();
  await expect(page).toHaveURL(/\/policies\//);
  await expect(page.getByText(/tickets\/7\/close/).first()).toBeVisible();
  await page.getByRole("button", { name: "Discard" }).click();

  await page.goto("/inbox");
  await row.getByRole("checkbox").focus();
  await page.keyboard.press("e");
  const why = page.getByRole("dialog", { name: "Deny this for good" });
  await why.getByLabel("Why").pressSequentially("tickets are closed by people");
  await why.getByRole("button", { name: "Propose a deny rule" }).press("Enter");
  const deny = page.getByRole("dialog", { name: "Deny this request for good" });
  await expect(deny.getByLabel("Message (optional)")).toHaveValue("tickets are closed by people");
  await deny.getByRole("button", { name: "Save new version" }).click();
  await expect(deny.getByText(/Saved as/)).toBeVisible();
  const { yaml } = await fleet.api<{ yaml: string }>("GET", "/policies/polite");
  expect(yaml).toContain("reason: tickets are closed by people");
  expect(yaml).toMatch(/deny_rules:\s+- \{ method: POST, path: "?\/api\/tickets\/\*\/close/);
  expect(complaints).toEqual([]);
});

test("whoever may only look is told why each button of the inbox does nothing", async ({ browser }) => {
  const viewer = await arrive(browser, "vera@creel.example", "viewer");
  const { page } = viewer;
  await page.goto("/inbox");
  await expect(page.getByRole("checkbox").first()).toBeVisible();
  await page.keyboard.press("j");
  for (const name of [/^Allow once/, /^Allow for an hour/, /^Allow for a day/, /^Propose a rule/, /^Deny for good/]) {
    await expect(page.getByRole("button", { name })).toHaveAttribute("aria-disabled", "true");
    await expect(page.getByRole("button", { name })).toHaveAccessibleDescription(/does not allow this/);
  }
  for (const key of ["o", "h", "d", "e"]) await page.keyboard.press(key);
  const { items } = await fleet.api<{ items: unknown[] }>("GET", "/exceptions?active=true");
  expect(items).toEqual([]);
  expect(viewer.complaints).toEqual([]);
});
