import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { type Decision, decisionsAfter, type Plan, runningSandbox, sandboxOf } from "../support/views.ts";

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

const comments = { host: "tickets.creel.example", path: "/api/tickets/1/comments" };

test("the dashboard shows the node with its layers, the sandbox, its log and the live feed", async ({ page }) => {
  await signIn(page, fleet);
  await expect(page.getByRole("link", { name: "local", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "demo", exact: true }).first()).toBeVisible();
  await expect(page.getByText("Scripted demo model").first()).toBeVisible();
  const feed = page.getByRole("region", { name: "Live decisions" });
  await expect(feed.getByRole("link", { name: /POST .*tickets\.creel\.example/ }).first()).toBeVisible({
    timeout: 60_000,
  });
  await inspect(page, "overview");

  await page.getByRole("link", { name: "local", exact: true }).first().click();
  await expect(page.getByText("Landlock").first()).toBeVisible();
  await inspect(page, "node");

  await page.goto(`${fleet.dev.webUrl}/sandboxes`);
  await page.getByRole("link", { name: "demo", exact: true }).click();
  await expect(page.getByText("Done: 16 of 16 commands ran.").first()).toBeVisible({ timeout: 120_000 });
  await inspect(page, "sandbox");
});

test("a denied request is allowed by a reviewed edit, and the agent's next try succeeds without a restart", async ({
  page,
}) => {
  await signIn(page, fleet);
  const { items: denials } = await fleet.api<{ items: Decision[] }>(
    "GET",
    "/decisions?decision=deny&kind=http&limit=50",
  );
  const denied = denials.find((each) => each.host === comments.host && each.path === comments.path);
  expect(denied).toBeDefined();
  await page.goto(`${fleet.dev.webUrl}/decisions/${denied?.id}`);
  await expect(page.getByText("denied").first()).toBeVisible();
  await inspect(page, "decision");

  // A run that has just begun has time for the story before the demo agent starts its next round by itself.
  const before = await eventually(
    "a fresh run of the demo agent",
    async () => {
      const sandbox = await runningSandbox(fleet, "demo");
      const ageMs = Date.now() - Date.parse(sandbox.status?.startedAt ?? "");
      return ageMs < 15_000 ? sandbox : null;
    },
    120_000,
  );
  await page.getByRole("button", { name: "Allow…" }).click();
  const dialog = page.getByRole("dialog", { name: "Allow this request" });
  await expect(dialog.getByText(/POST/).first()).toBeVisible();
  await page.screenshot({ path: "test-results/screens/allow-dialog.png" });
  await dialog.getByRole("button", { name: "Save new version" }).click();
  await expect(dialog.getByText(/In force on local/)).toBeVisible();
  await page.screenshot({ path: "test-results/screens/allow-saved.png" });
  const { items: plans } = await fleet.api<{ items: Plan[] }>("GET", "/plans?limit=1");
  test.info().annotations.push({
    type: "policy in force after",
    description: `${Date.parse(plans[0]?.finishedAt ?? "") - Date.parse(plans[0]?.createdAt ?? "")} ms`,
  });
  expect(plans[0]?.state).toBe("applied");

  const allowed = await eventually(
    "the agent's next try",
    async () =>
      (await decisionsAfter(fleet, denied?.cursor ?? 0)).find(
        (each) =>
          each.kind === "http" && each.method === "POST" && each.path === comments.path && each.decision === "allow",
      ) ?? null,
    60_000,
  );
  expect(allowed.host).toBe(comments.host);
  expect(Date.parse(allowed.time)).toBeGreaterThan(Date.parse(plans[0]?.createdAt ?? ""));
  const after = await sandboxOf(fleet, "demo");
  expect(after.incarnation).toBe(before.incarnation);
  expect(after.status?.restarts).toBe(before.status?.restarts);
  expect(after.status?.pid).toBe(before.status?.pid);
  // What the policy still does not name stays denied.
  const rest = (await decisionsAfter(fleet, denied?.cursor ?? 0)).filter((each) => each.host !== "inference.local");
  expect(rest.filter((each) => each.host === "paste.creel.example").every((each) => each.decision === "deny")).toBe(
    true,
  );
});

test("the audit list says who did what and when", async ({ page }) => {
  await signIn(page, fleet);
  await page.getByRole("link", { name: "Audit" }).click();
  const row = page.getByRole("row", { name: /policy\.saveVersion|policy\.save/ }).first();
  await expect(row).toContainText("owner@creel.local");
  await expect(row).toContainText("demo");
  await inspect(page, "audit");
});

test("every other page is sound in both themes and both widths", async ({ page }) => {
  test.setTimeout(240_000);
  await signIn(page, fleet);
  for (const [name, path] of [
    ["nodes", "/nodes"],
    ["sandboxes", "/sandboxes"],
    ["decisions", "/decisions"],
    ["policies", "/policies"],
    ["sessions", "/settings/sessions"],
    ["tokens", "/settings/tokens"],
  ] as const) {
    await page.goto(`${fleet.dev.webUrl}${path}`);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.waitForLoadState("load");
    await inspect(page, name);
  }
  await page.goto(`${fleet.dev.webUrl}/policies`);
  await page.getByRole("link", { name: "demo", exact: true }).first().click();
  await expect(page.getByRole("heading", { level: 1 })).toContainText("demo");
  await inspect(page, "policy");
});

test("a page of what is not there answers 404, with a way back", async ({ page }) => {
  await signIn(page, fleet);
  for (const path of [
    "/decisions/999999999",
    "/decisions/x",
    "/sandboxes/nothing-here",
    "/nodes/x",
    "/policies/x",
    // As an id is written, and nobody's.
    "/sandboxes/6b1f0f5e-3f6a-4a38-9a57-0f3f2f1d9a10",
    "/no-such-page",
  ]) {
    const response = await page.goto(`${fleet.dev.webUrl}${path}`);
    expect(response?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { level: 1, name: "Nothing here that you may see" })).toBeVisible();
  }
  await page.goto(`${fleet.dev.webUrl}/sandboxes/nothing-here`);
  await expect(page.getByLabel("Colour theme")).toBeVisible();
  await inspect(page, "not-found");
  await page.getByRole("link", { name: "To the overview" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
});

test("signing out elsewhere is immediate for the other browser", async ({ page, browser }) => {
  const other = await browser.newContext();
  const otherPage = await other.newPage();
  await signIn(otherPage, fleet);
  await otherPage.goto(`${fleet.dev.webUrl}/sandboxes`);
  await expect(otherPage.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/settings/sessions`);
  await page.getByRole("button", { name: "Sign out elsewhere…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out elsewhere" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  // The open page leaves by itself: its live stream ends with the session.
  await expect(otherPage.getByLabel("Password")).toBeVisible();
  // Signing in again leads back to the page that was asked for.
  await otherPage.getByLabel("Email").fill(fleet.dev.email);
  await otherPage.getByLabel("Password").fill(fleet.dev.password);
  await otherPage.getByRole("button", { name: "Sign in" }).click();
  await expect(otherPage.getByRole("heading", { level: 1, name: "Sandboxes" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("heading", { level: 1, name: "Sessions" })).toBeVisible();
  await other.close();
});
