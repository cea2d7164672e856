import { and, eq, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { audit, auth, invitation, member, sso, token, type UserActor } from "../src/index.ts";
import { codeOf } from "./support/authenticator.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { type Issuer, openIssuer } from "./support/issuer.ts";
import { addPerson } from "./support/people.ts";
import { journey, openHouse, type SsoHouse, settings, signInBy, verify } from "./support/sso.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let issuer: Issuer;
let house: SsoHouse;
let number = 0;

beforeAll(async () => {
  fleet = await openFleet();
});
afterAll(async () => {
  await fleet?.close();
});
/** Orgs, domains and a provider of their own for each test. */
beforeEach(async () => {
  number += 1;
  fleet.clock.now = new Date();
  acme = await makeOrg(fleet, `acme${number}`);
  globex = await makeOrg(fleet, `globex${number}`);
  issuer = await openIssuer([`https://creel.example/api/auth/sso/callback/${acme.orgId}`]);
  house = openHouse(fleet, [issuer]);
  await sso.save({ ctx: house.ctx(house.owner(acme)), input: settings(issuer) });
  await verify(house, acme, `acme${number}.example`);
  return async () => await issuer.close();
});

const ownerCtx = () => house.ctx(house.owner(acme));
const at = (name: string): string => `${name}@acme${number}.example`;
const alice = (more: object = {}) => ({ email: at("alice"), email_verified: true, name: "Alice", ...more });
const actorOf = async (token: string): Promise<UserActor | null> =>
  await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } });
const reasons = async (): Promise<unknown[]> => {
  const { items } = await audit.list({ ctx: ownerCtx(), input: { action: "sso.refused" } });
  return items.map(({ changes }) => changes.reason?.to);
};

test("a newcomer of a verified domain becomes a member with the mapped role and nothing more", async () => {
  const input = {
    ...settings(issuer),
    roleClaim: "groups",
    roleMapping: [{ value: "fleet", role: "operator" as const }],
  };
  await sso.save({ ctx: ownerCtx(), input });
  issuer.people.set("s-1", alice({ groups: ["all", "fleet"] }));
  const signedIn = await signInBy(house, issuer, { email: at("alice"), subject: "s-1", next: "/nodes" });
  expect(signedIn).toMatchObject({
    next: "/nodes",
    org: { id: acme.orgId },
    user: { email: at("alice"), name: "Alice" },
  });
  const actor = await actorOf(signedIn.token);
  expect(actor?.grants.map(({ role, scope }) => ({ role, scope }))).toEqual([{ role: "operator", scope: null }]);
  issuer.people.set("s-2", { email: at("bob"), email_verified: true });
  const bob = await actorOf((await signInBy(house, issuer, { email: at("bob"), subject: "s-2" })).token);
  expect(bob?.grants.map(({ role }) => role)).toEqual(["viewer"]);
});

test("where nothing gives a newcomer a role they stay outside, and no account is made", async () => {
  await sso.save({ ctx: ownerCtx(), input: { ...settings(issuer), defaultRole: null } });
  issuer.people.set("s-1", alice());
  const tried = signInBy(house, issuer, { email: at("alice"), subject: "s-1" });
  await expect(tried).rejects.toMatchObject({ code: "sso_refused" });
  const members = await member.list({ ctx: ownerCtx(), input: {} });
  expect(members.items.map(({ email }) => email)).toEqual([acme.email]);
  expect(await reasons()).toEqual([expect.stringContaining("gives you a role")]);
});

test("who it is says the subject: the address may change, and a member of before is linked once", async () => {
  await addPerson(fleet, acme, { name: "carol", role: "operator" });
  const { email } = (await member.list({ ctx: ownerCtx(), input: {} })).items.find(
    (one) => one.email !== acme.email,
  ) ?? { email: "" };
  const domain = email.split("@")[1] ?? "";
  if (domain !== `acme${number}.example`) await verify(house, acme, domain);
  issuer.people.set("s-1", { email, email_verified: true });
  const first = await actorOf((await signInBy(house, issuer, { email, subject: "s-1" })).token);
  expect(first?.grants.map(({ role }) => role)).toEqual(["operator"]);
  issuer.people.set("s-1", { email: "elsewhere@unknown.example", email_verified: false });
  const again = await actorOf((await signInBy(house, issuer, { email, subject: "s-1" })).token);
  expect(again?.userId).toBe(first?.userId);
});

test("the first link ends what opened an account made in somebody's name: password, sign-ins and keys, and keeps the rest", async () => {
  const { token: invited } = await invitation.create({ ctx: ownerCtx(), input: { email: at("cfo"), role: "viewer" } });
  const squat = await invitation.accept({ ctx: fleet.ctx(null), input: { token: invited, password: PASSWORD } });
  const squatter = await actorOf(squat.token);
  const key = await token.create({ ctx: fleet.ctx(squatter), input: { name: "mine", role: "viewer" } });
  issuer.people.set("s-1", { email: at("cfo"), email_verified: true });
  const real = await signInBy(house, issuer, { email: at("cfo"), subject: "s-1" });
  expect(real.user.id).toBe(squat.user.id);
  expect((await actorOf(real.token))?.grants.map(({ role }) => role)).toEqual(["viewer"]);
  expect(await actorOf(squat.token)).toBeNull();
  expect(await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: key.token } })).toBeNull();
  const byPassword = auth.signIn({ ctx: fleet.ctx(null), input: { email: at("cfo"), password: PASSWORD } });
  await expect(byPassword).rejects.toMatchObject({ code: "unauthenticated" });
  const { items } = await audit.list({ ctx: ownerCtx(), input: { action: "sso.proveAddress" } });
  expect(items.map(({ changes }) => [changes.sessionsEnded?.to, changes.keysEnded?.to])).toEqual([[1, 1]]);
  // From here on the account is the one of the address: a second sign-in ends nothing.
  await signInBy(house, issuer, { email: at("cfo"), subject: "s-1" });
  expect(await actorOf(real.token)).not.toBeNull();
});

test("the first link leaves an owner as they are, and links no owner of another org", async () => {
  issuer.people.set("s-1", { email: acme.email, email_verified: true });
  await signInBy(house, issuer, { email: acme.email, subject: "s-1" });
  const own = { email: acme.email, password: PASSWORD };
  expect((await auth.signIn({ ctx: fleet.ctx(null), input: own })).org.id).toBe(acme.orgId);
  await verify(house, acme, `globex${number}.example`);
  issuer.people.set("s-2", { email: globex.email, email_verified: true });
  const linked = signInBy(house, issuer, { email: globex.email, subject: "s-2" });
  await expect(linked).rejects.toMatchObject({ code: "sso_refused" });
  const theirs = { email: globex.email, password: PASSWORD };
  expect((await auth.signIn({ ctx: fleet.ctx(null), input: theirs })).org.id).toBe(globex.orgId);
});

test("whoever was removed does not let themselves in again", async () => {
  issuer.people.set("s-1", alice());
  const { user } = await signInBy(house, issuer, { email: at("alice"), subject: "s-1" });
  await member.remove({ ctx: ownerCtx(), input: { userId: user.id } });
  const tried = signInBy(house, issuer, { email: at("alice"), subject: "s-1" });
  await expect(tried).rejects.toMatchObject({ code: "sso_refused", publicMessage: expect.stringContaining("removed") });
});

test("proof is what the provider says was shown to it just now", async () => {
  issuer.people.set("s-1", alice());
  const plain = await actorOf((await signInBy(house, issuer, { email: at("alice"), subject: "s-1" })).token);
  expect(plain?.provedAt).toBeNull();
  const proved = await actorOf(
    (await signInBy(house, issuer, { email: at("alice"), subject: "s-1", prove: true })).token,
  );
  expect(fleet.clock.now.getTime() - (proved?.provedAt?.getTime() ?? 0)).toBeLessThan(60_000);
});

test("whoever is in by the provider proves the same sign-in there, and nobody else does it for them", async () => {
  issuer.people.set("s-1", alice());
  issuer.people.set("s-2", alice({ email: at("mallory") }));
  const { token } = await signInBy(house, issuer, { email: at("alice"), subject: "s-1" });
  const stale = await actorOf(token);
  if (stale === null) throw new Error("not signed in");
  const asked = { email: at("alice"), prove: true, by: stale };
  const other = await journey(house, issuer, { ...asked, subject: "s-2" });
  await expect(sso.complete({ ctx: house.ctx(null), input: other.answer })).rejects.toMatchObject({
    code: "sso_refused",
  });
  expect((await actorOf(token))?.provedAt).toBeNull();
  const own = await journey(house, issuer, { ...asked, subject: "s-1", next: "/changes/1" });
  const answer = { ctx: house.ctx(null), input: own.answer };
  expect(await sso.complete(answer)).toEqual({ proved: true, next: "/changes/1" });
  const proved = await actorOf(token);
  expect(proved?.sessionId).toBe(stale.sessionId);
  expect(fleet.clock.now.getTime() - (proved?.provedAt?.getTime() ?? 0)).toBeLessThan(60_000);
  // The same answer once more proves nothing anew.
  await expect(sso.complete(answer)).rejects.toMatchObject({ code: "sso_refused" });
});

test("who has no password sets one after showing the provider who they are, once, and where nothing forbids it", async () => {
  issuer.people.set("s-1", alice());
  const fresh = async () => {
    const entered = await signInBy(house, issuer, { email: at("alice"), subject: "s-1", prove: true });
    const actor = await actorOf(entered.token);
    if (actor === null) throw new Error("not signed in");
    return actor;
  };
  const actor = await fresh();
  const next = `${PASSWORD} of my own`;
  const set = async (by: UserActor) => await auth.setPassword({ ctx: house.ctx(by), input: { next } });
  await expect(set({ ...actor, provedAt: null })).rejects.toMatchObject({ code: "proof_required" });
  // In another org too: there this one's provider says nothing.
  await withOrg(fleet.db, globex.orgId, (tx) =>
    tx.insert(tables.memberships).values({ orgId: globex.orgId, userId: actor.userId }),
  );
  await expect(set(actor)).rejects.toMatchObject({ code: "forbidden" });
  await withOrg(fleet.db, globex.orgId, (tx) =>
    tx
      .delete(tables.memberships)
      .where(and(eq(tables.memberships.orgId, globex.orgId), eq(tables.memberships.userId, actor.userId))),
  );
  await set(actor);
  const { items } = await audit.list({ ctx: ownerCtx(), input: { action: "auth.setPassword" } });
  expect(items.map((item) => item.actor.label)).toEqual([at("alice")]);
  const input = { email: at("alice"), password: next };
  expect((await auth.signIn({ ctx: house.ctx(null), input })).org.id).toBe(acme.orgId);
  await expect(set(await fresh())).rejects.toMatchObject({ code: "conflict" });
  // And by it nobody stands in for the provider.
  await expect(auth.prove({ ctx: house.ctx(actor), input: { password: next } })).rejects.toMatchObject({
    code: "forbidden",
  });
});

test("a domain counts from when its DNS says so, for one org", async () => {
  const domain = `new${number}.example`;
  const named = await sso.addDomain({ ctx: ownerCtx(), input: { domain } });
  expect(await sso.waysIn({ ctx: house.ctx(null), input: { email: `a@${domain}` } })).toEqual({
    provider: null,
    password: true,
  });
  const asked = await sso.verifyDomain({ ctx: ownerCtx(), input: { domainId: named.id } });
  expect(asked.verifiedAt).toBeNull();
  house.records.set(named.record.name, `${named.record.value}0`);
  expect((await sso.verifyDomain({ ctx: ownerCtx(), input: { domainId: named.id } })).verifiedAt).toBeNull();
  house.records.set(named.record.name, named.record.value);
  expect((await sso.verifyDomain({ ctx: ownerCtx(), input: { domainId: named.id } })).verifiedAt).not.toBeNull();
  expect(await sso.waysIn({ ctx: house.ctx(null), input: { email: `a@${domain}` } })).toMatchObject({
    provider: { name: "Acme ID" },
  });
  await expect(verify(house, globex, domain)).rejects.toMatchObject({ code: "conflict" });
});

async function enforceFor(owner: TestOrg): Promise<string> {
  issuer.people.set("s-1", alice());
  await signInBy(house, issuer, { email: at("alice"), subject: "s-1" });
  const ctx = house.ctx(house.owner(owner));
  const { secret } = await auth.beginTotp({ ctx, input: {} });
  await auth.confirmTotp({ ctx, input: { code: codeOf(secret, fleet.clock.now) } });
  await sso.enforce({ ctx, input: { enforced: true, breakGlassUserId: owner.userId } });
  return secret;
}

test("it is enforced only when somebody came in through it and a break-glass owner can come in without", async () => {
  const input = { enforced: true as const, breakGlassUserId: acme.userId };
  await expect(sso.enforce({ ctx: ownerCtx(), input })).rejects.toMatchObject({
    publicMessage: expect.stringContaining("authenticator"),
  });
  const { secret } = await auth.beginTotp({ ctx: ownerCtx(), input: {} });
  await auth.confirmTotp({ ctx: ownerCtx(), input: { code: codeOf(secret, fleet.clock.now) } });
  await expect(sso.enforce({ ctx: ownerCtx(), input })).rejects.toMatchObject({
    publicMessage: expect.stringContaining("Nobody has signed in"),
  });
  const unproved = { ...house.owner(acme), provedAt: null };
  await expect(sso.enforce({ ctx: house.ctx(unproved), input })).rejects.toMatchObject({ code: "proof_required" });
});

test("enforced, passwords of its people open it no more, by no way, and those who came by one are out", async () => {
  await verify(house, acme, `staff${number}.example`);
  const invite = async (email: string) =>
    await invitation.create({ ctx: ownerCtx(), input: { email, role: "viewer" } });
  const dave = await invitation.accept({
    ctx: fleet.ctx(null),
    input: { token: (await invite(`dave@staff${number}.example`)).token, password: PASSWORD },
  });
  const eve = await invite(`eve@staff${number}.example`);
  expect(await actorOf(dave.token)).not.toBeNull();
  await enforceFor(acme);
  expect(await actorOf(dave.token)).toBeNull();
  const byPassword = (email: string, password: string) =>
    auth.signIn({ ctx: fleet.ctx(null), input: { email, password } });
  await expect(byPassword(dave.user.email, PASSWORD)).rejects.toMatchObject({ code: "sso_required" });
  // A wrong password and an account that is not there get the same answer.
  await expect(byPassword(dave.user.email, "something else")).rejects.toMatchObject({ code: "sso_required" });
  await expect(byPassword(`nobody@staff${number}.example`, PASSWORD)).rejects.toMatchObject({ code: "sso_required" });
  const accepted = invitation.accept({ ctx: fleet.ctx(null), input: { token: eve.token, password: PASSWORD } });
  await expect(accepted).rejects.toMatchObject({ code: "sso_required" });
  const there = await invitation.create({
    ctx: fleet.ctx(globex.as("owner")),
    input: { email: dave.user.email, role: "viewer" },
  });
  const joined = await invitation.accept({ ctx: fleet.ctx(null), input: { token: there.token, password: PASSWORD } });
  const elsewhere = await actorOf(joined.token);
  const switched = auth.switchOrg({ ctx: fleet.ctx(elsewhere), input: { orgId: acme.orgId } });
  await expect(switched).rejects.toMatchObject({ code: "sso_required" });
});

test("the break-glass owner comes in with password and code alone, and it is on record", async () => {
  const secret = await enforceFor(acme);
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
  const input = { email: acme.email, password: PASSWORD };
  await expect(auth.signIn({ ctx: fleet.ctx(null), input })).rejects.toMatchObject({ code: "second_factor_required" });
  await auth.signIn({ ctx: fleet.ctx(null), input: { ...input, code: codeOf(secret, fleet.clock.now) } });
  expect((await audit.list({ ctx: ownerCtx(), input: { action: "sso.breakGlass" } })).items).toHaveLength(1);
  await auth.removeTotp({ ctx: ownerCtx(), input: {} });
  await expect(auth.signIn({ ctx: fleet.ctx(null), input })).rejects.toMatchObject({ code: "sso_required" });
});
