import { auth, type SsoWorld, sso } from "@creel/core";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { CLIENT, type Issuer, openIssuer } from "../../../packages/core/test/support/issuer.ts";
import { type FreshDatabase, freshDatabase } from "../../../packages/db/test/database.ts";
import { parseCookies, sessionTokenFrom } from "../src/server/auth/session.ts";
import { setRuntime } from "../src/server/runtime.ts";
import { EventHub } from "../src/server/sse/event-hub.ts";
import { finishSso } from "../src/server/sso/callback.ts";
import { startSso } from "../src/server/sso/start.ts";
import { waysInto } from "../src/server/sso/ways.ts";
import { type Fleet, makeFleet, noWorkers, type Org } from "./support/fleet.ts";

const SITE = "https://creel.example";
const records = new Map<string, string>();

let database: FreshDatabase;
let fleet: Fleet;
let ours: Org;
let issuer: Issuer;

beforeAll(async () => {
  for (const name of ["DATABASE_APP_URL", "DATABASE_SYSTEM_URL", "DATABASE_QUEUE_URL"]) vi.stubEnv(name, "unused here");
  vi.stubEnv("NEXTAUTH_SECRET", "0123456789abcdef0123456789abcdef");
  vi.stubEnv("CREEL_WEB_URL", SITE);
  vi.stubEnv("NEXTAUTH_URL", SITE);
  database = await freshDatabase();
  fleet = makeFleet(database.db, noWorkers);
  ours = await fleet.found("ours");
  issuer = await openIssuer([`${SITE}/api/auth/sso/callback/${ours.owner.orgId}`]);
  issuer.people.set("s-1", { email: "ann@staff.example", email_verified: true });
  const world: SsoWorld = {
    webUrl: SITE,
    trustedHosts: [issuer.host],
    resolveTxt: async (name) => [[records.get(name) ?? ""]],
  };
  const { db, jobs, seal, deployment } = fleet.ctx(null);
  setRuntime(Promise.resolve({ db, jobs, seal, deployment, noticeHosts: [], sso: world, events: new EventHub() }));
  const ctx = { ...fleet.ctx({ ...ours.owner, provedAt: new Date() }), sso: world };
  const provider = { name: "Our ID", issuer: issuer.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret };
  await sso.save({ ctx, input: { ...provider, defaultRole: "viewer" } });
  const named = await sso.addDomain({ ctx, input: { domain: "staff.example" } });
  records.set(named.record.name, named.record.value);
  await sso.verifyDomain({ ctx, input: { domainId: named.id } });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await issuer?.close();
  await database?.close();
});

/** As a browser asks, through a proxy that lies about the host. */
const ask = (path: string, cookies: readonly string[] = []): Request =>
  new Request(`http://127.0.0.1:7400${path}`, {
    headers: { cookie: cookies.map((line) => line.split(";")[0]).join("; "), "x-forwarded-host": "evil.example" },
  });
const start = async (next: string) =>
  await startSso(ask(`/api/auth/sso/start?${new URLSearchParams({ email: "ann@staff.example", next })}`));

async function signIn(next: string) {
  const begun = await start(next);
  const back = await issuer.answer(begun.headers.get("location") ?? "", "s-1");
  const asked = ask(`${back.pathname}${back.search}`, begun.headers.getSetCookie());
  return { asked, answer: await finishSso(asked, ours.owner.orgId) };
}
const signedIn = async (answer: Response) => {
  const cookies = parseCookies(
    answer.headers
      .getSetCookie()
      .map((line) => line.split(";")[0])
      .join("; "),
  );
  const token = await sessionTokenFrom({ cookies });
  return token === null ? null : await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } });
};

test("a browser goes to the provider and comes back signed in, where it wanted to go", async () => {
  const { answer } = await signIn("/nodes?x=1");
  expect([answer.status, answer.headers.get("location")]).toEqual([303, `${SITE}/nodes?x=1`]);
  expect(await signedIn(answer)).toMatchObject({ email: "ann@staff.example", orgId: ours.owner.orgId });
});

test("the ticket is kept from scripts and other sites, and ends with the answer", async () => {
  const [ticket = ""] = (await start("/")).headers.getSetCookie();
  expect(ticket).toMatch(
    /^__Secure-creel\.sso=.*; Path=\/api\/auth\/sso; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
  );
  const cookies = (await signIn("/")).answer.headers.getSetCookie();
  expect(cookies[0]).toMatch(/^__Secure-next-auth\.session-token=.*; Path=\/; .*HttpOnly; SameSite=Lax; Secure$/);
  expect(cookies[1]).toMatch(/^__Secure-creel\.sso=; .*Max-Age=0/);
});

test("an answer brought twice signs in once", async () => {
  const { asked } = await signIn("/");
  const again = await finishSso(asked, ours.owner.orgId);
  expect(again.headers.get("location")).toBe(`${SITE}/signin?error=sso_refused`);
  expect(await signedIn(again)).toBeNull();
});

test("another browser's answer signs nobody in (login by a forged link)", async () => {
  const begun = await start("/");
  const back = await issuer.answer(begun.headers.get("location") ?? "", "s-1");
  const answer = await finishSso(ask(`${back.pathname}${back.search}`), ours.owner.orgId);
  expect(await signedIn(answer)).toBeNull();
});

test.each(["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)", "/\t/evil.example"])(
  "nothing leads out of this site afterwards (%j)",
  async (next) => {
    const { answer } = await signIn(next);
    expect(new URL(answer.headers.get("location") ?? "").origin).toBe(SITE);
  },
);

test("who is in proves the sign-in they have and keeps its cookie; somebody else's answer leads to a page that says no", async () => {
  issuer.people.set("s-9", { email: "bob@staff.example", email_verified: true });
  const [session = ""] = (await signIn("/")).answer.headers.getSetCookie();
  const proveBy = async (subject: string) => {
    const query = new URLSearchParams({ email: "whoever@staff.example", next: "/proved", prove: "1" });
    const begun = await startSso(ask(`/api/auth/sso/start?${query}`, [session]));
    const back = await issuer.answer(begun.headers.get("location") ?? "", subject);
    const cookies = [session, ...begun.headers.getSetCookie()];
    return await finishSso(ask(`${back.pathname}${back.search}`, cookies), ours.owner.orgId);
  };
  const refused = await proveBy("s-9");
  expect(refused.headers.get("location")).toBe(`${SITE}/proved?error=sso_refused`);
  const proved = await proveBy("s-1");
  expect(proved.headers.get("location")).toBe(`${SITE}/proved`);
  for (const answer of [refused, proved])
    expect(answer.headers.getSetCookie().map((line) => line.split("=")[0])).toEqual(["__Secure-creel.sso"]);
  const token = await sessionTokenFrom({ cookies: parseCookies(session.split(";")[0] ?? "") });
  const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: token ?? "" } });
  expect(actor).toMatchObject({ email: "ann@staff.example", provedAt: expect.any(Date) });
});

test("the provider is told our own address, whatever the request says of its host", async () => {
  const begun = await start("/");
  const told = new URL(begun.headers.get("location") ?? "").searchParams;
  expect(told.get("redirect_uri")).toBe(`${SITE}/api/auth/sso/callback/${ours.owner.orgId}`);
  expect([told.get("code_challenge_method"), told.get("response_type")]).toEqual(["S256", "code"]);
});

test("what an address may use is told by its domain, and to our own pages alone", async () => {
  const post = (email: string, origin: string) =>
    waysInto(
      new Request("http://127.0.0.1:7400/api/auth/sso/ways", {
        method: "POST",
        headers: { origin, host: "creel.example" },
        body: JSON.stringify({ email }),
      }),
    );
  const told = async (email: string) => await (await post(email, SITE)).json();
  expect(await told("ann@staff.example")).toEqual({ provider: { name: "Our ID" }, password: true });
  expect(await told("nobody@staff.example")).toEqual(await told("ann@staff.example"));
  expect(await told(ours.email)).toEqual({ provider: null, password: true });
  expect((await post("ann@staff.example", "https://evil.example")).status).toBe(403);
});
