import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Permission, rolePermissions } from "../src/authz/roles.ts";
import { audit, auth, grant, member, role, sso, type UserActor } from "../src/index.ts";
import { type Fleet, makeOrg, openFleet, type TestOrg } from "./support/fleet.ts";
import {
  type HostileIssuer,
  hs256,
  openHostileIssuer,
  rs256,
  strangersKey,
  unsigned,
} from "./support/hostile-issuer.ts";
import { CLIENT } from "./support/issuer.ts";
import { addPerson } from "./support/people.ts";
import { openHouse, type SsoHouse, settings, verify } from "./support/sso.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let evil: HostileIssuer;
let other: HostileIssuer;
let house: SsoHouse;
/** What the issuer's own signature and claims look like where a test changes nothing. */
let honest: HostileIssuer["sign"];

beforeAll(async () => {
  fleet = await openFleet();
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  [evil, other] = [await openHostileIssuer(), await openHostileIssuer()];
  honest = evil.sign;
  house = openHouse(fleet, [evil, other]);
  fleet.clock.now = new Date();
  await sso.save({ ctx: house.ctx(house.owner(acme)), input: settings(evil) });
  await sso.save({ ctx: house.ctx(house.owner(globex)), input: settings(other) });
  await verify(house, acme, "acme.example");
  await verify(house, globex, "globex.example");
});
afterAll(async () => {
  await Promise.all([evil?.close(), other?.close()]);
  await fleet?.close();
});
const mallory = { sub: "m", email: "mallory@acme.example", email_verified: true };
beforeEach(() => {
  fleet.clock.now = new Date();
  for (const issuer of [evil, other]) Object.assign(issuer, { metadata: {}, claims: () => mallory });
  evil.sign = honest;
});

const begin = async (email = "mallory@acme.example") => await sso.begin({ ctx: house.ctx(null), input: { email } });
const complete = async (input: { orgId: string; query: string; ticket: string }) => {
  const entered = await sso.complete({ ctx: house.ctx(null), input });
  if ("proved" in entered) throw new Error("no sign-in began");
  return entered;
};
async function signIn() {
  const begun = await begin();
  return await complete({ orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket });
}
const refused = { code: "sso_refused" };

test("the hostile provider signs somebody in when it says nothing wrong", async () => {
  expect((await signIn()).org.id).toBe(acme.orgId);
});

const later = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
describe("an ID token is refused", () => {
  test.each<[string, (claims: Record<string, unknown>) => string]>([
    ["without a signature (alg none)", unsigned],
    ["signed with the client's secret in place of a key", hs256(CLIENT.secret)],
    ["signed by a stranger's key", rs256(strangersKey())],
    ["signed by a stranger's key of another name", rs256(strangersKey(), "k2")],
  ])("%s", async (_name, sign) => {
    evil.sign = sign;
    await expect(signIn()).rejects.toMatchObject(refused);
  });
  test.each<[string, Record<string, unknown>]>([
    ["of another issuer", { iss: "https://accounts.example" }],
    ["of the other org's issuer", { iss: "the other" }],
    ["for another client", { aud: "another client" }],
    ["for two clients, made for the other one", { aud: [CLIENT.id, "another"], azp: "another" }],
    ["with the nonce of another sign-in", { nonce: "x".repeat(43) }],
    ["without a nonce", { nonce: undefined }],
    ["that ended", { exp: later(-600), iat: later(-700) }],
    ["that is not valid yet", { nbf: later(600) }],
    ["without an end", { exp: undefined }],
    ["of nobody", { sub: "" }],
    ["of a subject that no provider may have", { sub: "s".repeat(256) }],
  ])("%s", async (_name, changed) => {
    evil.claims = () => ({ ...mallory, ...changed, ...(changed.iss === "the other" ? { iss: other.issuer } : {}) });
    await expect(signIn()).rejects.toMatchObject(refused);
  });
  test.each<[string, Record<string, unknown>]>([
    ["of somebody in a domain of another org", { email: "owner@globex.example" }],
    ["of somebody in a domain of nobody", { email: "boss@example.com" }],
    ["of somebody in a domain below the verified one", { email: "a@mail.acme.example" }],
    ["whose address the provider does not vouch for", { email_verified: false }],
    ["whose address it vouches for by a word", { email_verified: "true" }],
    ["that says nothing of vouching", { email_verified: undefined }],
    ["with two addresses in one", { email: "a@globex.example,b@acme.example" }],
    ["with two at signs", { email: "owner@globex.example@acme.example" }],
    ["with an address in brackets", { email: "<b@acme.example>" }],
    ["with a line break in the address", { email: "b@globex.example\n@acme.example" }],
    ["with a list of addresses", { email: ["b@acme.example"] }],
  ])("%s", async (_name, changed) => {
    evil.claims = () => ({ ...mallory, sub: "fresh", email: "fresh@acme.example", ...changed });
    await expect(signIn()).rejects.toMatchObject(refused);
    const { items } = await member.list({ ctx: house.ctx(house.owner(acme)), input: {} });
    expect(items.map(({ email }) => email)).not.toContain(changed.email);
  });
});

test("no claim makes an owner, whatever the mapping's row says", async () => {
  const input = { ...settings(evil), roleClaim: "groups", roleMapping: [{ value: "all", role: "owner" as const }] };
  const saved = sso.save({ ctx: house.ctx(house.owner(acme)), input });
  await expect(saved).rejects.toMatchObject({ code: "invalid_input" });
});

/** A viewer with one more role of the org's own, and perhaps owner over a part: as rows, because what they hold is read again. */
async function personWith(permissions: readonly Permission[], partOf?: Record<string, string[]>) {
  const ctx = house.ctx(house.owner(acme));
  const name = `it-${++count}`;
  const person = await addPerson(fleet, acme, { name, role: "viewer" });
  const { userId } = person;
  const { id } = await role.create({ ctx, input: { name, permissions: [...permissions] } });
  await grant.give({ ctx, input: { userId, role: id } });
  if (partOf !== undefined) await grant.give({ ctx, input: { userId, role: "owner", scope: partOf } });
  return house.ctx({ ...(await person.actor()), provedAt: fleet.clock.now });
}
let count = 0;

test("who holds less than a role cannot hand it out through the provider", async () => {
  const ctx = await personWith(["identity_provider:update"]);
  const input = { ...settings(evil), defaultRole: "security_admin" as const };
  await expect(sso.save({ ctx, input })).rejects.toMatchObject({ code: "forbidden" });
});

describe("who may set single sign-on up and is no owner of the whole org", () => {
  const changes = ["read", "create", "update", "delete"].map((action) => `identity_provider:${action}` as Permission);
  const everything = [...rolePermissions("owner")];
  test.each<[string, readonly Permission[], Record<string, string[]> | undefined]>([
    ["by a role of its own", changes, undefined],
    ["by all rights under another name", everything, undefined],
    ["and is one over a part", changes, { env: ["staging"] }],
  ])("%s, names no provider of its own, verifies no domain and enforces nothing", async (_name, held, partOf) => {
    const ctx = await personWith(held, partOf);
    const own = { ...settings(evil), issuer: other.issuer, defaultRole: null };
    const forbidden = { code: "forbidden" };
    await expect(sso.save({ ctx, input: own })).rejects.toMatchObject(forbidden);
    const client = { ...settings(evil), clientId: "another", defaultRole: null };
    await expect(sso.save({ ctx, input: client })).rejects.toMatchObject(forbidden);
    const { domains } = await sso.get({ ctx: house.ctx(house.owner(acme)), input: {} });
    const domainId = domains[0]?.id ?? "";
    await expect(sso.verifyDomain({ ctx, input: { domainId } })).rejects.toMatchObject(forbidden);
    await expect(sso.enforce({ ctx, input: { enforced: false } })).rejects.toMatchObject(forbidden);
    const { provider } = await sso.get({ ctx: house.ctx(house.owner(acme)), input: {} });
    expect(provider?.issuer).toBe(evil.issuer);
  });
  test("nor does an owner who did not prove who they are name or verify a domain", async () => {
    const ctx = house.ctx({ ...house.owner(acme), provedAt: null });
    const proof = { code: "proof_required" };
    await expect(sso.addDomain({ ctx, input: { domain: "unproved.example" } })).rejects.toMatchObject(proof);
    const { domains } = await sso.get({ ctx, input: {} });
    const domainId = domains[0]?.id ?? "";
    await expect(sso.verifyDomain({ ctx, input: { domainId } })).rejects.toMatchObject(proof);
  });
});

describe("an answer is refused", () => {
  const bring = async (change: (given: { orgId: string; query: string; ticket: string }) => object) => {
    const begun = await begin();
    const given = { orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket };
    return await complete({ ...given, ...change(given) });
  };
  test("that comes a second time", async () => {
    const begun = await begin();
    const given = { orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket };
    await complete(given);
    await expect(complete(given)).rejects.toMatchObject(refused);
  });
  test("that comes twice at once, one of them", async () => {
    const begun = await begin();
    const given = { orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket };
    const ends = await Promise.allSettled([complete(given), complete(given), complete(given)]);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });
  test("with the state of another sign-in", async () => {
    const stranger = await begin();
    const query = evil.answer(stranger.url);
    await expect(bring(() => ({ query }))).rejects.toMatchObject(refused);
  });
  test("without a state", async () => {
    await expect(bring(() => ({ query: "?code=x" }))).rejects.toMatchObject(refused);
  });
  test("with two states", async () => {
    await expect(bring(({ query }) => ({ query: `${query}&state=x` }))).rejects.toMatchObject(refused);
  });
  test("without a ticket, or with one that was altered", async () => {
    await expect(bring(() => ({ ticket: "" }))).rejects.toMatchObject(refused);
    await expect(bring(({ ticket }) => ({ ticket: `${ticket.slice(0, -4)}AAAA` }))).rejects.toMatchObject(refused);
  });
  test("at the address of another org: one provider's answer is not passed to another", async () => {
    await expect(bring(() => ({ orgId: globex.orgId }))).rejects.toMatchObject(refused);
  });
  test("that names another issuer as its sender (RFC 9207)", async () => {
    const iss = encodeURIComponent(other.issuer);
    await expect(bring(({ query }) => ({ query: `${query}&iss=${iss}` }))).rejects.toMatchObject(refused);
  });
  test("that names no sender although its provider says that it does", async () => {
    evil.metadata = { authorization_response_iss_parameter_supported: true };
    await expect(bring(() => ({}))).rejects.toMatchObject(refused);
  });
  test("after ten minutes", async () => {
    const begun = await begin();
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 10 * 60_000);
    const given = { orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket };
    await expect(complete(given)).rejects.toMatchObject(refused);
  });
  test("that says no, and the org's audit says why", async () => {
    const said = ({ query }: { query: string }) => ({ query: query.replace("code=a+code", "error=access_denied") });
    await expect(bring(said)).rejects.toMatchObject(refused);
    const { items } = await audit.list({ ctx: house.ctx(house.owner(acme)), input: { action: "sso.refused" } });
    expect(items.length).toBeGreaterThan(0);
  });
  test("to settings that were changed meanwhile", async () => {
    const begun = await begin();
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 1_000);
    await sso.save({ ctx: house.ctx(house.owner(acme)), input: settings(evil) });
    const given = { orgId: acme.orgId, query: evil.answer(begun.url), ticket: begun.ticket };
    await expect(complete(given)).rejects.toMatchObject(refused);
  });
});

test("a second subject with the address of the first is somebody else, and stays outside", async () => {
  evil.claims = () => ({ ...mallory, sub: "of one", email: "recycled@acme.example" });
  await signIn();
  evil.claims = () => ({ ...mallory, sub: "of another", email: "recycled@acme.example" });
  await expect(signIn()).rejects.toMatchObject(refused);
});

test("an org's provider reaches nothing of its people outside of the org", async () => {
  // She is of both orgs; acme's provider may say that it is she, and globex did not ask it.
  const { userId } = await addPerson(fleet, globex, { name: "both", role: "operator" });
  const { items } = await member.list({ ctx: house.ctx(house.owner(globex)), input: {} });
  const email = items.find((one) => one.userId === userId)?.email ?? "";
  await verify(house, acme, email.split("@")[1] ?? "");
  evil.claims = () => ({ ...mallory, sub: "both", email });
  const signedIn = await signIn();
  expect(signedIn).toMatchObject({ org: { id: acme.orgId }, user: { id: userId } });
  const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signedIn.token } });
  expect(actor).toMatchObject({ orgId: acme.orgId, userId });
  expect(actor?.grants.map(({ role }) => role)).toEqual(["viewer"]);
  const proved: UserActor = { ...house.owner(acme), ...actor, provedAt: fleet.clock.now };
  const switched = auth.switchOrg({ ctx: fleet.ctx(proved), input: { orgId: globex.orgId } });
  await expect(switched).rejects.toMatchObject({ code: "sso_required" });
  // Nor by way of its own org, which would leave a sign-in that names no provider.
  const again = auth.switchOrg({ ctx: fleet.ctx(proved), input: { orgId: acme.orgId } });
  await expect(again).rejects.toMatchObject({ code: "conflict" });
  // Nor does it give itself a factor that opens her other orgs.
  for (const change of [auth.beginTotp, auth.removeTotp, auth.newRecoveryCodes])
    await expect(change({ ctx: fleet.ctx(proved), input: {} })).rejects.toMatchObject({ code: "forbidden" });
  await expect(auth.confirmTotp({ ctx: fleet.ctx(proved), input: { code: "1" } })).rejects.toMatchObject({
    code: "forbidden",
  });
});

describe("this server is not sent", () => {
  test.each([
    "http://idp.example",
    "https://127.0.0.1",
    "https://10.0.0.1:8443",
    "https://[::1]",
    "https://169.254.169.254",
    "https://user:pass@idp.example",
    "file:///etc/passwd",
    "https://idp.example/?x=1",
  ])("to %s as an issuer", async (issuer) => {
    const saved = sso.save({ ctx: house.ctx(house.owner(acme)), input: { ...settings(evil), issuer } });
    await expect(saved).rejects.toMatchObject({ code: "invalid_input" });
  });
  test.each(["token_endpoint", "jwks_uri"])("into our network by a provider's own metadata (%s)", async (name) => {
    let asked = 0;
    const { createServer } = await import("node:http");
    const inside = createServer((_request, response) => {
      asked += 1;
      response.end("{}");
    });
    await new Promise<void>((resolve) => inside.listen(0, "127.0.0.1", resolve));
    const address = inside.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    evil.metadata = { [name]: `http://127.0.0.1:${port}/` };
    await expect(signIn()).rejects.toMatchObject(refused);
    expect(asked).toBe(0);
    await new Promise((resolve) => inside.close(resolve));
  });
  test.each(["javascript:alert(1)", "http://127.0.0.1:1/"])("nor the browser to %s", async (url) => {
    evil.metadata = { authorization_endpoint: url };
    await expect(begin()).rejects.toMatchObject({ code: "unavailable" });
  });
});

test("the client's secret is nowhere in the database, and in no answer", async () => {
  const rows = postgres(fleet.ownerUrl, { max: 1, prepare: false });
  const [row] =
    await rows`select row_to_json(p)::text as text from identity_providers p where p.org_id = ${acme.orgId}`;
  const [audited] = await rows`select coalesce(string_agg(changes::text, ''), '') as text from audit_events`;
  await rows.end();
  const view = JSON.stringify(await sso.get({ ctx: house.ctx(house.owner(acme)), input: {} }));
  for (const text of [String(row?.text), String(audited?.text), view]) {
    expect(text.length).toBeGreaterThan(10);
    expect(text).not.toContain(CLIENT.secret);
  }
});
