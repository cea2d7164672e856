import { type Browser, type BrowserContext, expect, type Page } from "@playwright/test";
import type { Fleet } from "./fleet.ts";

/** Long enough for every rule of passwords, and nobody's. */
const PASSWORD = "a-long-password-of-a-test";

export interface Gift {
  email: string;
  role?: string;
  scope?: Record<string, string[]>;
  teamId?: string;
}

/** A member in a browser of their own, signed in. */
export interface Person {
  email: string;
  password: string;
  userId: string;
  context: BrowserContext;
  page: Page;
  /** What the console said of errors, and what the page threw; a story ends with none. */
  complaints: string[];
}

interface MemberView {
  userId: string;
  email: string;
}

/** Complaints of a page; `expected` are addresses whose refusal is the story itself. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  return complaints;
}

/** Invited over REST, joined as the invitation's page does it, and therefore signed in. */
export async function join(browser: Browser, fleet: Fleet, gift: Gift, viewport?: Size): Promise<Person> {
  const { token } = await fleet.api<{ token: string }>("POST", "/invitations", gift);
  const origin = fleet.dev.webUrl;
  const context = await browser.newContext({ baseURL: origin, ...(viewport ? { viewport } : {}) });
  const csrf: unknown = await (await context.request.get("/api/auth/csrf")).json();
  const answer = await context.request.post("/api/auth/callback/invitation", {
    form: { csrfToken: textAt(csrf, "csrfToken"), token, password: PASSWORD, name: gift.email, json: "true" },
    headers: { origin },
  });
  expect(answer.ok(), `${gift.email} joins: ${await answer.text()}`).toBe(true);
  const { items } = await fleet.api<{ items: MemberView[] }>("GET", "/members");
  const userId = items.find(({ email }) => email === gift.email)?.userId;
  if (userId === undefined) throw new Error(`${gift.email} is no member`);
  const page = await context.newPage();
  return { email: gift.email, password: PASSWORD, userId, context, page, complaints: complaintsOf(page) };
}

interface Size {
  width: number;
  height: number;
}
/** A phone held upright. */
export const PHONE: Size = { width: 390, height: 844 };

const textAt = (value: unknown, key: string): string => {
  const found = typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
  if (typeof found !== "string") throw new Error(`no ${key} in the answer`);
  return found;
};

/** Ends everything that a person holds by themselves; their teams' grants stay. */
export async function demote(fleet: Fleet, { userId }: Pick<Person, "userId">): Promise<void> {
  const { items } = await fleet.api<{ items: { id: string; subject: { id: string } }[] }>("GET", "/grants");
  for (const { id } of items.filter(({ subject }) => subject.id === userId)) await fleet.api("DELETE", `/grants/${id}`);
}

/** Calls a verb as the page of this person does: by cookie, with the page's origin. */
export async function call<T>(person: Person, fleet: Fleet, procedure: string, input: unknown): Promise<T> {
  const ask = (verb: string, json: unknown) =>
    person.context.request.post(`/api/trpc/${verb}`, { data: { json }, headers: { origin: fleet.dev.webUrl } });
  let answer = await ask(procedure, input);
  // As the page does it: a proof holds for ten minutes, and a long story outlives it.
  if (answer.status() === 403 && (await answer.text()).includes("proof_required")) {
    await ask("auth.prove", { password: person.password });
    answer = await ask(procedure, input);
  }
  const text = await answer.text();
  if (!answer.ok()) throw new Error(`${person.email} ${procedure}: ${answer.status()} ${text.slice(0, 500)}`);
  // The caller names the shape it asserts on; a wrong one shows in its assertions.
  return (JSON.parse(text) as { result: { data: { json: T } } }).result.data.json;
}

/** Answers the dialog that asks who one is, by keyboard alone; the act that it stands before goes on. */
export async function proveInDialog(page: Page, password: string): Promise<void> {
  const dialog = page.getByRole("dialog", { name: "Prove that it is you" });
  await expect(dialog.getByLabel("Password")).toBeFocused();
  await page.keyboard.type(password);
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
}

/** Every button on the page, by what it says and whether it can be pressed. */
export async function pressable(page: Page): Promise<string[]> {
  const names: string[] = [];
  for (const button of await page.getByRole("main").getByRole("button").all())
    if ((await button.getAttribute("aria-disabled")) !== "true" && (await button.isEnabled()))
      names.push((await button.innerText()).trim());
  return names;
}

/** The element that has the focus shows it: an outline or a ring that is there. */
export async function expectFocusShown(page: Page, what: string): Promise<void> {
  const shown = await page.evaluate<boolean>(`(() => {
    const style = getComputedStyle(document.activeElement);
    return document.activeElement !== document.body && ((style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
  })()`);
  expect(shown, `focus of ${what}`).toBe(true);
}
