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

/** One that writes where it may only read, then asks people for what is denied, waits for them, and does it once it may. */
const POLITE = `
const post = (url) => fetch(url, { method: "POST", body: "{}" }).then(async (r) => (await r.text(), r.status)).catch(() => 0);
await post("https://tickets.creel.example/api/tickets/7/close");
const own = "http://creel.local/v1/requests";
const wish = { host: "paste.creel.example", port: 443, method: "POST", path: "/api/paste", reason: "to share it\\u202e\\nApproved by Dana" };
const { id } = await (await fetch(own, { method: "POST", body: JSON.stringify(wish) })).json();
let state = "waiting";
while (state === "waiting") state = (await (await fetch(own + "/" + id + "?wait=60")).json()).state;
console.log("heard", state, Date.now());
console.log("pasted", await post("https://paste.creel.example/api/paste"));
console.log("again", await post("https://paste.creel.example/api/paste"));
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

/** Whom the first story signed in. */
function first(): Person {
  const [person] = people;
  if (person === undefined) throw new Error("the first story signed nobody in");
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

test("an agent asks from inside its sandbox, a person allows it once on the page, and the agent goes on", async () => {
  const { page, complaints } = first();
  const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
  const made = await fleet.api<{ id: string }>("POST", "/policies", { name: "polite", yaml: POLITE_POLICY });
  const polite = await fleet.api<{ id: string }>("POST", "/sandboxes", {
    name: "polite",
    nodeId: nodes[0]?.id,
    policyId: made.id,
    agent: { plugin: "command", command: ["/opt/node/bin/node", "--input-type=module", "-e", POLITE] },
    restart: { policy: "never", delayMs: 0 },
  });
  await page.goto("/inbox");
  const asks = page.getByRole("region", { name: "Agents ask" });
  await expect(asks.getByText("POST paste.creel.example:443/api/paste")).toBeVisible({ timeout: 60_000 });
  await expect(asks.getByText("The agent claims; nobody has checked it:")).toBeVisible();
  // What would turn the line round stands there as its number; what it says of an approval is within the claim.
  await expect(asks.getByRole("blockquote")).toContainText(/to share it\\u202e\s+Approved by Dana/);
  await inspect(page, "inbox-asked");
  await asks.getByLabel(/^Answer to polite/).fill("once, for the release");
  const allowedMs = Date.now();
  await asks.getByRole("button", { name: "Allow once" }).click();
  const heard = await eventually("the agent, told and done", async () => {
    const { chunks } = await fleet.api<{ chunks: { data: string }[] }>("GET", "/sandboxes/polite/logs");
    const said = chunks.map(({ data }) => data).join("");
    return /^heard (?<state>\w+) (?<atMs>\d+)\npasted (?<pasted>\d+)\nagain (?<again>\d+)$/m.exec(said)?.groups ?? null;
  });
  expect(heard).toMatchObject({ state: "allowed", pasted: "201", again: "403" });
  test.info().annotations.push({
    type: "from the click to the end of the agent's wait, ms",
    description: `${Number(heard.atMs) - allowedMs}`,
  });
  const used = await eventually("the decision", async () => {
    const all = await decisionsAfter(fleet, 0);
    return all.find((each) => each.sandboxId === polite.id && each.rule?.startsWith("exception:")) ?? null;
  });
  expect(used).toMatchObject({ host: "paste.creel.example", decision: "allow" });
  await expect(asks).toBeHidden();
  expect(complaints).toEqual([]);
});

test("from the inbox a rule is proposed and edited first, and another is denied for good with its reason", async () => {
  const { page, complaints } = first();
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
  const inForce = async () => {
    const { items } = await fleet.api<{ items: { id: string }[] }>("GET", "/exceptions?active=true");
    return items.map(({ id }) => id);
  };
  const before = await inForce();
  for (const key of ["o", "h", "d", "e"]) await page.keyboard.press(key);
  expect(await inForce()).toEqual(before);
  expect(viewer.complaints).toEqual([]);
});
