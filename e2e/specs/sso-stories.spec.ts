import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { codeOf } from "../../packages/core/test/support/authenticator.ts";
import { CLIENT, type Issuer, openIssuer } from "../../packages/core/test/support/issuer.ts";
import { openTxtServer, type TxtServer } from "../support/dns.ts";
import { figure } from "../support/figures.ts";
import { Fleet, freePort } from "../support/fleet.ts";
import { inspect, signIn } from "../support/pages.ts";
import { complaintsOf } from "../support/people.ts";

/** An owner sets up codes and single sign-on, and enforces it; somebody of the domain comes in; the owner keeps a way for the worst day. */
const PEOPLE_DOMAIN = "staff.example";
const ANN = `ann@${PEOPLE_DOMAIN}`;
/** A code is taken once; the one of the next half minute is good already. */
const STEP_MS = 30_000;

let fleet: Fleet;
let dns: TxtServer;
let issuer: Issuer;
let owner: { context: BrowserContext; page: Page; complaints: string[] };
let authenticator = "";
let recoveryCodes: string[] = [];

test.describe.configure({ mode: "serial" });
test.beforeAll(async ({ browser }) => {
  test.setTimeout(240_000);
  dns = await openTxtServer();
  const port = await freePort();
  fleet = new Fleet({ CREEL_SSO_HOSTS: `127.0.0.1:${port}`, CREEL_DNS_SERVERS: dns.address });
  await fleet.start();
  const context = await browser.newContext({ baseURL: fleet.dev.webUrl });
  const page = await context.newPage();
  owner = { context, page, complaints: complaintsOf(page) };
  await signIn(page, fleet);
  await page.goto("/settings/single-sign-on");
  const redirect = (await page.getByLabel("Redirect URI").innerText()).trim();
  issuer = await openIssuer([redirect], {}, port);
  issuer.people.set("s-ann", { email: ANN, email_verified: true, name: "Ann", groups: ["approvers"] });
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await owner?.context.close();
  await issuer?.close();
  await dns?.close();
  await fleet?.remove();
});

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });
/** The provider's own forms: who it is, then that Creel may know it. */
async function answerProvider(page: Page, subject: string): Promise<void> {
  await page.locator("input[name=login]").fill(subject);
  await page.locator("input[name=password]").fill("x");
  await page.locator("button[type=submit]").click();
  await page.locator("button[type=submit]").click();
}
/** Signs in with a password, and a code where it is asked for. */
async function enter(page: Page, code: string): Promise<void> {
  await page.goto(`${fleet.dev.webUrl}/signin`);
  await page.getByLabel("Email").fill(fleet.dev.email);
  await page.getByLabel("Password").fill(fleet.dev.password);
  await page.getByLabel("Password").press("Enter");
  await page.getByLabel("Code").fill(code);
  await page.getByLabel("Code").press("Enter");
}

test("a person sets up codes by keyboard, and is shown the recovery codes once", async () => {
  const { page } = owner;
  await page.goto("/settings/second-factor");
  await button(page, "Set up").press("Enter");
  authenticator = (await page.getByLabel("Secret for the authenticator").innerText()).trim();
  await page.getByRole("textbox", { name: "Code" }).fill("000000");
  await button(page, "Confirm").press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: /code/i })).toBeVisible();
  await inspect(page, "second-factor-setup");
  await page.getByRole("textbox", { name: "Code" }).fill(codeOf(authenticator, new Date()));
  await button(page, "Confirm").press("Enter");
  const codes = page.getByRole("status", { name: "Recovery codes" });
  await expect(codes).toBeVisible();
  recoveryCodes = (await codes.innerText()).trim().split(/\s+/);
  expect(recoveryCodes).toHaveLength(10);
  await inspect(page, "second-factor-codes");
  await page.reload();
  await expect(page.getByText(recoveryCodes[0] ?? "none")).toHaveCount(0);
  await expect(page.getByRole("definition").filter({ hasText: /^10$/ })).toBeVisible();
  await figure(page, "second-factor", { width: 1200, height: 520 });
});

test("from then on a password alone does not open; a code does, and a recovery code once", async ({ browser }) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await enter(page, "123456");
  await expect(page.getByRole("alert").filter({ hasText: "That did not work" })).toBeVisible();
  await page.screenshot({ path: "test-results/screens/signin-code.png" });
  await page.getByLabel("Code").fill(codeOf(authenticator, new Date(Date.now() + STEP_MS)));
  await page.getByLabel("Code").press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await context.clearCookies();
  await enter(page, recoveryCodes[0] ?? "");
  await expect(page.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await context.clearCookies();
  await enter(page, recoveryCodes[0] ?? "");
  await expect(page.getByRole("alert").filter({ hasText: "That did not work" })).toBeVisible();
  await context.close();
});

test("an owner names the provider, proves the domain, and cannot enforce what nobody has used yet", async () => {
  const { page } = owner;
  await page.goto("/settings/single-sign-on");
  await expect(button(page, "Enforce single sign-on")).toHaveAccessibleDescription("Save a provider first.");
  await page.getByLabel("Name", { exact: true }).fill("Staff ID");
  await page.getByLabel("Issuer").fill(issuer.issuer);
  await page.getByLabel("Client ID").fill(CLIENT.id);
  await page.getByLabel("Client secret").fill(CLIENT.secret);
  await page.getByLabel("Role of newcomers").selectOption({ label: "viewer" });
  await page.getByLabel("Claim that names groups").fill("groups");
  await page.getByLabel("Roles by group").fill("approvers = approver");
  await button(page, "Save provider").press("Enter");
  await expect(page.getByLabel("Client secret")).toHaveValue("");
  await expect(button(page, "Remove provider")).toBeVisible();
  await button(page, "Test it").press("Enter");
  await expect(page.getByText("It answers as a provider should")).toBeVisible();

  await page.getByLabel("Domain", { exact: true }).fill(PEOPLE_DOMAIN);
  await page.getByLabel("Domain", { exact: true }).press("Enter");
  const domain = page.getByRole("region", { name: PEOPLE_DOMAIN });
  const record = (await domain.getByLabel(`TXT record of ${PEOPLE_DOMAIN}`).innerText()).trim();
  await button(page, `Ask DNS for ${PEOPLE_DOMAIN}`).press("Enter");
  await expect(page.getByText(`DNS does not have the record of ${PEOPLE_DOMAIN} yet`)).toBeVisible();
  await expect(domain).toContainText("not verified");
  await inspect(page, "single-sign-on-domain");
  dns.records.set(`_creel-sso.${PEOPLE_DOMAIN}`, record);
  await button(page, `Ask DNS for ${PEOPLE_DOMAIN}`).press("Enter");
  await expect(domain.getByText("verified", { exact: true })).toBeVisible();
  await expect(button(page, "Enforce single sign-on")).toHaveAccessibleDescription(/Sign in through the provider once/);
  await figure(page, "single-sign-on", { width: 1200, height: 1300 });
});

test("somebody of the domain comes in through the provider, to the page they were sent, with what is theirs", async ({
  browser,
}) => {
  const context = await browser.newContext({ baseURL: fleet.dev.webUrl });
  const page = await context.newPage();
  await page.goto("/decisions?decision=deny");
  await page.getByLabel("Email").fill(ANN);
  await page.getByLabel("Password").focus();
  await inspectSignIn(page);
  await page.getByRole("button", { name: "Continue with Staff ID" }).press("Enter");
  await answerProvider(page, "s-ann");
  await expect(page).toHaveURL(`${fleet.dev.webUrl}/decisions?decision=deny`);
  await expect(page.getByTitle(`${ANN}, approver`)).toBeVisible();
  await page.goto("/settings/second-factor");
  await expect(page.getByRole("main")).toBeVisible();
  await inspect(page, "second-factor-by-provider");
  await context.close();
});

test("once enforced, only the provider opens, and the break-glass owner's password with a code", async ({
  browser,
}) => {
  const { page } = owner;
  await page.goto("/settings/single-sign-on");
  await expect(button(page, "Enforce single sign-on")).toHaveAccessibleDescription("Choose the break-glass owner.");
  await page.getByLabel("Break-glass owner").selectOption({ label: fleet.dev.email });
  await button(page, "Enforce single sign-on").press("Enter");
  await expect(page.getByText(/The break-glass owner is/)).toBeVisible();
  await inspect(page, "single-sign-on-enforced");

  const context = await browser.newContext();
  const other = await context.newPage();
  await other.goto(`${fleet.dev.webUrl}/signin`);
  await other.getByLabel("Email").fill(ANN);
  await other.getByLabel("Email").press("Tab");
  await expect(other.getByRole("button", { name: "Continue with Staff ID" })).toBeVisible();
  await expect(other.getByLabel("Password")).toHaveCount(0);
  await other.getByRole("button", { name: "Use a password instead" }).press("Enter");
  await other.getByLabel("Password").fill("whatever-it-may-have-been");
  await other.getByLabel("Password").press("Enter");
  await expect(other.getByRole("alert").filter({ hasText: "identity provider" })).toBeVisible();
  await enter(other, recoveryCodes[1] ?? "");
  await expect(other.getByRole("heading", { level: 1, name: "Overview" })).toBeVisible();
  await context.close();

  await page.goto("/audit?action=sso.enforce");
  await expect(page.getByRole("row", { name: /sso\.enforce/ })).toHaveCount(1);
  await page.goto("/settings/single-sign-on");
  await button(page, "Stop enforcing").press("Enter");
  await expect(button(page, "Enforce single sign-on")).toBeVisible();
});

test("a person stops using codes, and no page of these stories complained", async () => {
  const { page } = owner;
  await page.goto("/settings/second-factor");
  await button(page, "Use no codes any more").press("Enter");
  await expect(button(page, "Set up")).toBeVisible();
  expect(owner.complaints.filter((each) => !REFUSED.test(each))).toEqual([]);
});

/** The refusals that are stories themselves: a wrong code, and a domain that DNS does not know yet. */
const REFUSED = /\/api\/trpc\/(auth\.confirmTotp|sso\.verifyDomain)/;

/** The sign-in page has no theme of its own to choose; it follows the system's. */
async function inspectSignIn(page: Page): Promise<void> {
  await expect(page.getByRole("button", { name: "Continue with Staff ID" })).toBeVisible();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `test-results/screens/signin-provider-${colorScheme}.png` });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await figure(page, "signin-provider", { width: 700, height: 520 });
}
