import { expect, type Page, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import type { Decision } from "../support/views.ts";

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

const PASTE_ENTRY = `  paste:
    endpoints:
      - host: paste.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: POST, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;

const editorOf = (page: Page) => page.getByRole("textbox", { name: "Policy as YAML" });
const verdictOf = (page: Page) => page.getByRole("region", { name: "Policy text" }).getByRole("status").first();

async function openPolicy(page: Page): Promise<void> {
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/policies`);
  await page.getByRole("link", { name: "demo", exact: true }).first().click();
  await expect(editorOf(page)).toBeVisible();
  await expect(verdictOf(page)).toContainText("can be saved");
}

/** As if pasted: nothing indents or closes what is typed. */
async function appendText(page: Page, text: string): Promise<void> {
  await editorOf(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.insertText(text);
}

test("a mistake shows at its line while it is typed, and its place leads back to it", async ({ page }) => {
  await openPolicy(page);
  await editorOf(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("bogus: 1");
  await expect(verdictOf(page)).toContainText("1 error");
  const problems = page.getByRole("list", { name: "Problems" });
  await expect(problems).toContainText("There is no field bogus here.");
  await expect(page.getByText("Mend the errors first.").first()).toBeVisible();
  await inspect(page, "policy-mistake");

  await page.keyboard.press("Control+Home");
  const place = problems.getByRole("button", { name: /line \d+, column 1/ });
  await place.focus();
  await page.keyboard.press("Enter");
  await expect(editorOf(page)).toBeFocused();
  // The line it went to is the one that goes.
  await page.keyboard.press("Control+Shift+K");
  await expect(editorOf(page)).not.toContainText("bogus");
  await expect(verdictOf(page)).toContainText("can be saved");
});

test("fields and their words are completed by keyboard, and Tab leaves the editor", async ({ page }) => {
  await openPolicy(page);
  await editorOf(page).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type("mod");
  await expect(page.getByRole("option", { name: "mode" })).toBeVisible();
  await expect(page.getByText("records what it would deny and lets it pass.").first()).toBeVisible();
  await page.screenshot({ path: "test-results/screens/policy-completion.png" });
  await page.keyboard.press("Enter");
  await expect(page.getByRole("option", { name: /enforce/ })).toBeVisible();
  // A list that has just opened leaves the keys to the text for a moment, so that no Enter takes what nobody has read.
  const monitor = page.getByRole("option", { name: /monitor/ });
  await expect(async () => {
    if (!(await monitor.isVisible())) await page.keyboard.press("Control+Space");
    await expect(monitor).toBeVisible({ timeout: 2_000 });
    await page.keyboard.press("ArrowDown");
    await expect(monitor).toHaveAttribute("aria-selected", "true", { timeout: 1_000 });
  }).toPass({ timeout: 30_000 });
  await page.keyboard.press("Enter");
  await expect(editorOf(page)).toContainText("mode: monitor");
  // Lint knows what reading does not: a monitor mode without an end.
  await expect(verdictOf(page)).toContainText("1 warning");
  await page.keyboard.press("Tab");
  await expect(editorOf(page)).not.toBeFocused();
});

test("the review tells what becomes allowed before it is saved, and tries it on what was asked", async ({ page }) => {
  await openPolicy(page);
  await appendText(page, PASTE_ENTRY);
  await expect(verdictOf(page)).toContainText("can be saved");
  await page.getByRole("button", { name: "Review and save…" }).click();
  const dialog = page.getByRole("dialog", { name: "Save demo?" });
  const allowed = dialog.getByRole("region", { name: "Newly allowed" });
  await expect(allowed.getByRole("listitem").first()).toContainText("paste.creel.example");
  await expect(allowed.getByRole("listitem").first()).toContainText(/(low|medium|high|critical) risk/);
  await expect(dialog.getByRole("region", { name: "Newly denied" })).toHaveCount(0);
  await expect(dialog.getByRole("region", { name: "Change of demo" })).toContainText("paste:");
  await dialog.getByRole("button", { name: "Try it on recorded requests" }).click();
  await expect(dialog.getByText(/^Of [\d,]+ requests since/)).toBeVisible();
  await inspect(page, "policy-review");
  await dialog.getByLabel("Message").fill("The agent may paste.");
  await dialog.getByRole("button", { name: "Save new version" }).click();
  await expect(page.getByRole("dialog").getByText(/In force on local/)).toBeVisible();
  await page.getByRole("dialog").getByRole("button", { name: "Done" }).click();
});

test("any two versions are compared by meaning, in either direction", async ({ page }) => {
  await openPolicy(page);
  await page.getByRole("link", { name: "from 1 to 2" }).click();
  const compared = page.getByRole("region", { name: "From version 1 to version 2" });
  await expect(compared.getByRole("region", { name: "Newly allowed" })).toContainText("paste.creel.example");
  await inspect(page, "policy-compare");
  await compared.getByRole("combobox", { name: "From" }).selectOption("2");
  const same = page.getByRole("region", { name: "From version 2 to version 2" });
  await expect(same).toContainText("Every request is judged as before");
  await same.getByRole("combobox", { name: "To" }).selectOption("1");
  const back = page.getByRole("region", { name: "From version 2 to version 1" });
  await expect(back.getByRole("region", { name: "Newly denied" })).toContainText("paste.creel.example");
});

const reviewOf = (page: Page) => page.getByRole("button", { name: "Review and save…" });

test("after one's own save the next change goes on from it, however the dialog was closed", async ({ page }) => {
  await openPolicy(page);
  for (const closeBy of ["Done", "Escape"]) {
    await appendText(page, `# A remark before ${closeBy}.\n`);
    await expect(verdictOf(page)).toContainText("can be saved");
    await reviewOf(page).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Save new version" }).click();
    await expect(dialog.getByRole("heading", { name: /^Saved as version \d+$/ })).toBeVisible();
    if (closeBy === "Done") await dialog.getByRole("button", { name: "Done" }).click();
    else await page.keyboard.press("Escape");
    await expect(dialog).toHaveCount(0);
    await expect(reviewOf(page)).toBeFocused();
    await expect(page.getByText("Nothing has changed.")).toBeVisible();
    await appendText(page, "# The next one.\n");
    await expect(reviewOf(page)).not.toHaveAttribute("aria-disabled", "true");
    await expect(page.getByText("was saved while you wrote")).toHaveCount(0);
    await reviewOf(page).click();
    await page.keyboard.press("Escape");
    await expect(reviewOf(page)).toBeFocused();
    await page.getByRole("button", { name: "Undo all" }).click();
  }
});

test("an unsaved text survives leaving the page and loading it anew, until it is discarded", async ({ page }) => {
  await openPolicy(page);
  await appendText(page, "# Not saved yet.\n");
  await expect(reviewOf(page)).not.toHaveAttribute("aria-disabled", "true");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Policies" }).click();
  await page.getByRole("link", { name: "demo", exact: true }).first().click();
  await expect(editorOf(page)).toContainText("# Not saved yet.");
  await expect(page.getByText("Your unsaved text was kept.")).toBeVisible();
  await inspect(page, "policy-kept");

  const asked = page.waitForEvent("dialog");
  const reloaded = page.reload();
  const question = await asked;
  expect(question.type()).toBe("beforeunload");
  await question.accept();
  await reloaded;
  await expect(editorOf(page)).toContainText("# Not saved yet.");
  await page.getByRole("button", { name: "Discard" }).click();
  await expect(editorOf(page)).not.toContainText("# Not saved yet.");
  await page.reload();
  await expect(editorOf(page)).toContainText("network_policies");
  await expect(page.getByText("Your unsaved text was kept.")).toHaveCount(0);
});

test("on a phone the tab of the present page is in sight", async ({ page }) => {
  await signIn(page, fleet);
  await page.setViewportSize({ width: 390, height: 800 });
  const tabs = page.getByRole("navigation", { name: "Main" });
  for (const [path, name] of [
    ["/settings/sessions", "Settings"],
    ["/policies", "Policies"],
  ] as const) {
    await page.goto(`${fleet.dev.webUrl}${path}`);
    await expect(tabs.getByRole("link", { name })).toBeInViewport({ ratio: 0.9 });
  }
});

test("a version whose own tests fail cannot be proposed", async ({ page }) => {
  await openPolicy(page);
  await appendText(
    page,
    `tests:
  - name: nobody pastes
    request: { binary: /usr/bin/curl, host: paste.creel.example, port: 443, method: POST, path: /api/x }
    expect: deny
`,
  );
  await expect(page.getByRole("list", { name: "Problems" })).toContainText("The test expects deny");
  await expect(page.getByRole("button", { name: "Review and save…" })).toHaveAttribute("aria-disabled", "true");
  const { id, latestVersion } = await fleet.api<{ id: string; latestVersion: number }>("GET", "/policies/demo");
  const refused = await page.request.post(`${fleet.dev.webUrl}/api/v1/policies/${id}/versions`, {
    headers: { authorization: `Bearer ${fleet.dev.apiToken}` },
    data: { baseVersion: latestVersion, yaml: await failingText() },
  });
  expect(refused.status()).toBe(422);
  expect(await refused.text()).toContain("nobody pastes");
});

const failingText = async (): Promise<string> => {
  const { yaml } = await fleet.api<{ yaml: string }>("GET", "/policies/demo");
  return `${yaml}tests:
  - name: nobody pastes
    request: { binary: /usr/bin/curl, host: paste.creel.example, port: 443, method: POST, path: /api/x }
    expect: deny
`;
};

test("a preset goes into the text with its parameters, and nothing is saved by it", async ({ page }) => {
  await openPolicy(page);
  await page.getByRole("button", { name: "Add preset…" }).click();
  const dialog = page.getByRole("dialog", { name: "Add a preset" });
  await inspect(page, "policy-presets");
  await dialog
    .getByRole("button", { name: /^GitLab/ })
    .first()
    .click();
  await dialog.getByLabel("host", { exact: true }).fill("not a host!");
  await expect(dialog.getByLabel("host", { exact: true })).toHaveAttribute("aria-invalid", "true");
  await dialog.getByRole("button", { name: "Back to the list" }).click();
  await dialog.getByRole("button", { name: /^GitHub, reading:/ }).click();
  await expect(dialog.getByRole("region", { name: "What the preset adds" })).toContainText("github.com");
  await dialog.getByRole("button", { name: "Add to the text" }).click();
  await expect(editorOf(page)).toContainText("github.com");
  await expect(verdictOf(page)).toContainText("can be saved");
  const { yaml } = await fleet.api<{ yaml: string }>("GET", "/policies/demo");
  expect(yaml).not.toContain("github.com");
});

test("a decision says why: its steps, the version that decided, and the smallest change", async ({ page }) => {
  await signIn(page, fleet);
  const denied = await eventually("a comment that was denied", async () => {
    const { items } = await fleet.api<{ items: Decision[] }>("GET", "/decisions?decision=deny&kind=http&limit=50");
    return items.find(({ path }) => path?.endsWith("/comments")) ?? null;
  });
  await page.goto(`${fleet.dev.webUrl}/decisions/${denied.id}`);
  const why = page.getByRole("region", { name: "Why" });
  await expect(why.getByRole("link", { name: /^demo version \d/ })).toBeVisible();
  await expect(why.getByRole("list", { name: "Steps of the decision" })).toContainText("line");
  await expect(why.getByRole("region", { name: "The smallest change that would allow it" })).toContainText("POST");
  await inspect(page, "decision-why");

  await page.getByRole("button", { name: "Allow…" }).click();
  const dialog = page.getByRole("dialog", { name: "Allow this request" });
  await expect(dialog.getByRole("region", { name: "Newly allowed" })).toContainText("tickets.creel.example");
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("button", { name: "Allow…" })).toBeFocused();
});
