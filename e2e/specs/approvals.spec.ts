import { expect, test } from "@playwright/test";
import { Fleet } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";

interface Policy {
  id: string;
  name: string;
  yaml: string;
  latestVersion: number;
}
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

test("one person alone approves nothing of their own: the button says why, and breaking the glass leaves a review", async ({
  page,
}) => {
  test.setTimeout(180_000);
  const rule = {
    selector: { kinds: ["policy_version"] },
    steps: [{ atLeast: 1, of: [{ permission: "change:approve" }] }],
  };
  await fleet.api("POST", "/approval-policies", { name: "nobody alone", mode: "enforce", spec: rule });
  const { items } = await fleet.api<{ items: Policy[] }>("GET", "/policies");
  const policy = await fleet.api<Policy>("GET", `/policies/${items[0]?.id}`);
  const proposed = await fleet.api<{ outcome: string; changeId: string }>("POST", `/policies/${policy.id}/versions`, {
    yaml: policy.yaml.replace("version: 1", "version: 1\n# Looked at again."),
    baseVersion: policy.latestVersion,
    message: "A comment more",
  });
  expect(proposed.outcome).toBe("proposed");

  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/changes`);
  await expect(page.getByText("needs approval")).toBeVisible();
  await inspect(page, "changes");
  await page.getByRole("link", { name: new RegExp(`of the policy ${policy.name}`) }).click();

  await expect(page.getByRole("heading", { name: "Decide" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Approve" })).toHaveAccessibleDescription(/You proposed this change/);
  await page.locator("body").press("a");
  await expect(page.getByText("Approve this change?")).toHaveCount(0);
  await expect(page.getByText(/Not even everybody who may vote/)).toBeVisible();
  await expect(page.getByText(/No credential comes into reach/)).toBeVisible();
  await inspect(page, "change");

  await page.getByRole("button", { name: "Break the glass…" }).click();
  await page.getByLabel("Reason").fill("Nobody else works here yet");
  await page.getByRole("dialog").getByRole("button", { name: "Break the glass" }).click();
  await expect(page.getByRole("heading", { name: "Review of the broken glass" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Justified, let it end" })).toHaveAccessibleDescription(
    /somebody else/,
  );
  await inspect(page, "broken glass");
  const after = await fleet.api<Policy>("GET", `/policies/${policy.id}`);
  expect(after.latestVersion).toBe(policy.latestVersion + 1);
});

test("an approval policy is made by a form, and guards itself", async ({ page }) => {
  await signIn(page, fleet);
  await page.goto(`${fleet.dev.webUrl}/changes/policies`);
  await expect(page.getByText("nobody alone")).toBeVisible();
  await inspect(page, "approval policies");
  await page.getByRole("button", { name: "New approval policy" }).click();
  await page.getByLabel("Name").fill("two for roles");
  await page.getByLabel("Changes of").selectOption("role_grant");
  await page.getByLabel("Persons").fill("2");
  await page.getByRole("button", { name: "Make it" }).click();
  await expect(page.getByText(/changes of role_grant: 2 persons/)).toBeVisible();
  await page.getByRole("listitem").filter({ hasText: "nobody alone" }).getByRole("button", { name: "Remove" }).click();
  await expect(page.getByText(/changes nothing until it is approved/)).toBeVisible();
});
