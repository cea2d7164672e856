import { type Browser, expect, type Page, test } from "@playwright/test";
import { figure, LOW } from "../support/figures.ts";
import { Fleet } from "../support/fleet.ts";
import { inspect } from "../support/pages.ts";
import { call, demote, expectFocusShown, join, type Person, PHONE } from "../support/people.ts";

/** People who propose, decide, race, lose their right and break the glass, each in a browser of their own. */
const fleet = new Fleet();
const people: Person[] = [];
let admin: Person;
let developer: Person;
let ann: Person;
let bob: Person;

async function arrive(browser: Browser, email: string, role: string, viewport?: typeof PHONE): Promise<Person> {
  const person = await join(browser, fleet, { email, role }, viewport);
  people.push(person);
  return person;
}

test.describe.configure({ mode: "serial" });
test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  await fleet.start();
  admin = await arrive(browser, "sam@creel.example", "security_admin");
  developer = await arrive(browser, "dev@creel.example", "developer");
  ann = await arrive(browser, "ann@creel.example", "approver", PHONE);
  bob = await arrive(browser, "bob@creel.example", "approver");
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  for (const { context } of people) await context.close();
  await fleet.remove();
});

interface PolicyText {
  id: string;
  yaml: string;
  latestVersion: number;
}
interface Proposed {
  outcome: string;
  changeId: string;
}
interface ChangeNow {
  state: string;
  title: string;
  votes: { voter: { label: string }; verdict: string }[];
}

/** A further host for the demo agent, written behind what stands. */
const entryOf = (name: string): string => `  ${name}:
    endpoints:
      - host: ${name}.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: POST, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;
async function propose(name: string): Promise<string> {
  const { id, yaml, latestVersion } = await fleet.api<PolicyText>("GET", "/policies/demo");
  const input = { policyId: id, yaml: yaml + entryOf(name), baseVersion: latestVersion, message: `Needs ${name}.` };
  const { outcome, changeId } = await call<Proposed>(developer, fleet, "policy.saveVersion", input);
  expect(outcome).toBe("proposed");
  return changeId;
}
const changeOf = (id: string): Promise<ChangeNow> => fleet.api("GET", `/changes/${id}`);
const approve = (page: Page) => page.getByRole("button", { name: "Approve", exact: true });
const decide = (page: Page) => page.getByRole("region", { name: "Decide" });

test("a security admin writes who must approve policies, and it is in force", async () => {
  const { page } = admin;
  await page.goto("/changes/policies");
  await expect(page.getByRole("heading", { level: 1, name: "Approval policies" })).toBeVisible();
  await page.getByRole("button", { name: "New approval policy" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "New approval policy" });
  await dialog.getByLabel("Name").fill("Policies need a second person");
  await dialog.getByLabel("Of", { exact: true }).selectOption({ label: "the role approver" });
  await dialog.getByLabel("Mode").selectOption({ label: "enforce" });
  await page.screenshot({ path: "test-results/screens/approval-policy-new.png" });
  await dialog.getByRole("button", { name: "Make it" }).press("Enter");
  await expect(dialog).toBeHidden();
  await expect(page.getByRole("listitem").filter({ hasText: "Policies need a second person" })).toContainText(
    "enforced",
  );
  await figure(page, "approval-policies", LOW);
  await inspect(page, "approval-policies");
});

test("a developer proposes, and the button that would approve it says why it does not", async () => {
  const { page } = developer;
  await page.goto("/policies");
  await page.getByRole("link", { name: "demo", exact: true }).first().click();
  const editor = page.getByRole("textbox", { name: "Policy as YAML" });
  await editor.click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(entryOf("paste"));
  await page.getByRole("button", { name: "Review and save…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Message").fill("The agent may paste.");
  await dialog.getByRole("button", { name: "Save new version" }).click();
  await dialog.getByRole("link", { name: "See who can approve it" }).click();
  await expect(page.getByText("needs approval")).toBeVisible();
  await expect(page.getByText(/Can be given by .*ann@creel\.example/)).toBeVisible();
  await expect(approve(page)).toHaveAttribute("aria-disabled", "true");
  await expect(approve(page)).toHaveAccessibleDescription(/You proposed this change/);
  // Neither a press nor the key does what the button refuses.
  await approve(page).press("Enter");
  await page.locator("body").press("a");
  await page.keyboard.press("Enter");
  await expect(page.getByText("needs approval")).toBeVisible();
  expect((await fleet.api<{ items: ChangeNow[] }>("GET", "/changes?show=waiting")).items).toHaveLength(1);
  await inspect(page, "change-developer");
});

test("an approver decides by keyboard alone on a phone, and it is in force on the node", async () => {
  const { page } = ann;
  await page.goto("/changes");
  const first = page.getByRole("table", { name: "Changes" }).getByRole("link").first();
  await expect(first).toBeVisible();
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if ((await first.and(page.locator(":focus")).count()) > 0) break;
  }
  await expect(first).toBeFocused();
  await expectFocusShown(page, "the link of a change");
  await page.keyboard.press("Enter");
  await expect(decide(page)).toBeVisible();
  // What becomes allowed stands on the page before anything can be decided about it.
  await expect(page.getByRole("region", { name: "Newly allowed" })).toContainText("paste.creel.example");
  await expect(page.getByText(/^\d+ sandbox(es)? on \d+ nodes? use/)).toBeVisible();
  await figure(page, "change-phone", PHONE);
  await bob.page.goto(page.url());
  await expect(bob.page.getByRole("region", { name: "Newly allowed" })).toBeVisible();
  await figure(bob.page, "change");
  await inspect(page, "change-approver");
  await page.setViewportSize(PHONE);
  await page.locator("body").press("a");
  await expect(decide(page).getByRole("status")).toContainText("Approve this change?");
  await page.keyboard.press("Escape");
  await expect(decide(page).getByRole("status")).toContainText("asked back");
  await page.keyboard.press("a");
  await page.keyboard.press("Enter");
  await expect(page.getByText("applied", { exact: true }).first()).toBeVisible();
  await expect(page.getByText(/In force on local/)).toBeVisible();
  await inspect(page, "change-applied");
  await page.setViewportSize(PHONE);
});

test("of two approvers who press at once one applies it, and both pages tell the same", async () => {
  const id = await propose("race");
  for (const { page } of [ann, bob]) {
    await page.goto(`/changes/${id}`);
    await expect(approve(page)).toBeVisible();
    await page.locator("body").press("a");
    await expect(decide(page).getByRole("status")).toContainText("Approve this change?");
  }
  await Promise.all([ann, bob].map(({ page }) => page.keyboard.press("Enter")));
  for (const { page } of [ann, bob]) await expect(page.getByText("applied", { exact: true }).first()).toBeVisible();
  const { state, votes } = await changeOf(id);
  expect(state).toBe("applied");
  expect(votes.length).toBeGreaterThan(0);
  const { items } = await fleet.api<{ items: { resource: { id: string } }[] }>("GET", "/audit?action=change.apply");
  expect(items.filter(({ resource }) => resource.id === id)).toHaveLength(1);
});

test("an approver who is demoted while the page is open is told by the page, and votes no more", async () => {
  const id = await propose("late");
  const { page } = bob;
  await page.goto(`/changes/${id}`);
  await expect(approve(page)).not.toHaveAttribute("aria-disabled");
  await page.locator("body").press("a");
  const since = Date.now();
  await demote(fleet, bob);
  await expect(page.getByLabel("Password")).toBeVisible();
  test.info().annotations.push({ type: "the page said so after", description: `${Date.now() - since} ms` });
  expect((await changeOf(id)).state).toBe("open");
  // What is left to him is read anew when he comes back.
  await fleet.api("POST", "/grants", { userId: bob.userId, role: "viewer", reason: "Reads on." });
  await page.getByLabel("Email").fill(bob.email);
  await page.getByLabel("Password").fill(bob.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(approve(page)).toHaveAttribute("aria-disabled", "true");
  await expect(approve(page)).toHaveAccessibleDescription(/does not let you approve changes/);
  await page.locator("body").press("a");
  await page.keyboard.press("Enter");
  await inspect(page, "change-viewer");
  expect((await changeOf(id)).votes).toHaveLength(0);
});

test("a broken glass applies at once, is told, and stays open until somebody else has looked back", async () => {
  const id = await propose("urgent");
  const { page } = admin;
  await page.goto(`/changes/${id}`);
  await page.getByLabel("Colour theme").selectOption({ label: "Light" });
  await page.getByRole("button", { name: "Break the glass…" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Apply without approvals?" });
  const act = dialog.getByRole("button", { name: "Break the glass" });
  await expect(act).toHaveAccessibleDescription("Say why, in a sentence.");
  await dialog.getByLabel("Reason").pressSequentially("The night shift is down and nobody answers.");
  await act.press("Enter");
  await expect(page.getByText("glass broken, review open")).toBeVisible();
  const review = page.getByRole("region", { name: "Review of the broken glass" });
  await expect(review).toContainText("nobody answers");
  const keep = review.getByRole("button", { name: "Justified, keep it" });
  await expect(keep).toHaveAccessibleDescription(/You broke the glass/);
  await inspect(page, "break-glass-review");

  await ann.page.goto("/changes?show=review");
  await ann.page.getByRole("table", { name: "Changes" }).getByRole("link").first().press("Enter");
  const theirs = ann.page.getByRole("region", { name: "Review of the broken glass" });
  await theirs.getByLabel("What you found").fill("The ticket shows it; the host is ours.");
  await theirs.getByRole("button", { name: "Justified, keep it" }).press("Enter");
  await expect(theirs).toContainText("justified, and kept: The ticket shows it");
  // The page of whoever broke it follows by itself.
  await expect(review).toContainText("justified, and kept: The ticket shows it");
});

/** The two refusals that are stories themselves: the later vote of the race, and the stream of whoever was demoted. */
const REFUSED = /409 \(Conflict\).*\/change\.vote|401 \(Unauthorized\).*\/api\/stream/;

test("no page of these stories complained", () => {
  const all = people.flatMap(({ email, complaints }) => complaints.map((each) => `${email}: ${each}`));
  expect(all.filter((each) => !REFUSED.test(each))).toEqual([]);
});
