import { and, eq, gt, isNull, newId, tables, withOrg, withSystem } from "@creel/db";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { ADDRESS_TRIES_MAX, DEVICE_TRIES_MAX, FAILURE_WINDOW_MS, PROOF_MS_MAX } from "../src/auth/limits.ts";
import { countTry } from "../src/auth/tries.ts";
import { lockPeople } from "../src/authz/people.ts";
import {
  INTERVAL_SECONDS,
  LOGIN_MS_MAX,
  TOKEN_HOURS_DEFAULT,
  WAITING_MAX,
  WAITING_OF_HOST_MAX,
  WAITING_OF_PREFIX_MAX,
} from "../src/device/limits.ts";
import { auth, change, device, grant, org, sandbox, token, type UserActor } from "../src/index.ts";
import { KEYS_WORKING_MAX } from "../src/token/own.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { actorOf, join, type SignedInPerson } from "./support/members.ts";
import { openWatcher } from "./support/watcher.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let vera: SignedInPerson;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  globex = await makeOrg(fleet, "globex");
  vera = await join(fleet, acme, { name: "vera", role: "viewer" });
});
afterAll(async () => await fleet?.close());
const later = (ms: number): void => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + ms);
};
// Tries of a person are counted over a window; each test has its own.
beforeEach(() => later(FAILURE_WINDOW_MS + 1));

const begin = async () => await device.begin({ ctx: fleet.ctx(null), input: { hostName: "laptop" } });
const poll = async (deviceCode: string) => await device.poll({ ctx: fleet.ctx(null), input: { deviceCode } });
const proved = async (person: SignedInPerson): Promise<UserActor> => ({
  ...(await actorOf(fleet, person.token)),
  provedAt: fleet.clock.now,
});
const approve = async (actor: UserActor, userCode: string, more: { role?: "viewer"; hours?: number } = {}) =>
  await device.approve({ ctx: fleet.ctx(actor), input: { userCode, ...more } });
const freshSignIn = async (of: TestOrg): Promise<SignedInPerson> => {
  const signed = await auth.signIn({ ctx: fleet.ctx(null), input: { email: of.email, password: PASSWORD } });
  return { userId: of.userId, email: of.email, token: signed.token, actor: await actorOf(fleet, signed.token) };
};
/** One sign-in of each owner for the tests that end none: a password costs its second. */
const owners = new Map<TestOrg, SignedInPerson>();
const signIn = async (of: TestOrg): Promise<SignedInPerson> => {
  const owner = owners.get(of) ?? (await freshSignIn(of));
  owners.set(of, owner);
  return owner;
};
/** A command line that is signed in. */
const login = async (person: SignedInPerson, hours?: number) => {
  const { deviceCode, userCode } = await begin();
  await approve(await proved(person), userCode, hours === undefined ? {} : { hours });
  const answer = await poll(deviceCode);
  if (answer.status !== "approved") throw new Error(answer.status);
  return answer;
};
const keyOf = async (text: string) => await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } });

test("a confirmed code becomes a token of the person who confirmed it, that ends", async () => {
  const owner = await signIn(acme);
  const { deviceCode, userCode } = await begin();
  expect(await poll(deviceCode)).toEqual({ status: "pending", intervalSeconds: INTERVAL_SECONDS });
  const shown = await device.look({ ctx: fleet.ctx(owner.actor), input: { userCode: userCode.toLowerCase() } });
  expect(shown).toMatchObject({ hostName: "laptop", address: null });
  await approve(await proved(owner), userCode.replace("-", " "));
  const answer = await poll(deviceCode);
  expect(answer).toMatchObject({ status: "approved", email: acme.email, org: { slug: "acme" } });
  if (answer.status !== "approved") return;
  const key = await keyOf(answer.token);
  expect(key).toMatchObject({ owner: { kind: "user", id: acme.userId }, orgId: acme.orgId });
  later(TOKEN_HOURS_DEFAULT * 3_600_000 - 1);
  expect(await keyOf(answer.token)).not.toBeNull();
  later(1);
  expect(await keyOf(answer.token)).toBeNull();
});

test("a code is used once: neither confirmed twice nor fetched twice, not at the same instant either", async () => {
  const [owner, other] = [await signIn(acme), await signIn(globex)];
  const { deviceCode, userCode } = await begin();
  const actors = [await proved(owner), await proved(other), await proved(owner)];
  const both = await Promise.allSettled(actors.map((actor) => approve(actor, userCode)));
  expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const fetched = await Promise.all([poll(deviceCode), poll(deviceCode), poll(deviceCode)]);
  expect(fetched.map(({ status }) => status).sort()).toEqual(["approved", "expired", "expired"]);
  await expect(approve(await proved(owner), userCode)).rejects.toMatchObject({ code: "not_found" });
});

test("the short code fetches nothing, and the long one confirms nothing", async () => {
  const owner = await signIn(acme);
  const { deviceCode, userCode } = await begin();
  expect(await poll(userCode)).toEqual({ status: "expired" });
  await expect(approve(await proved(owner), deviceCode.slice(0, 32))).rejects.toMatchObject({ code: "not_found" });
  expect(await poll(deviceCode)).toMatchObject({ status: "pending" });
});

test("guesses run out, right ones count too, and what was never there answers as what is over", async () => {
  const guesser = await proved(vera);
  const { userCode } = await begin();
  const told = new Set<string>();
  for (let at = 0; at < DEVICE_TRIES_MAX - 1; at++)
    await device
      .look({ ctx: fleet.ctx(guesser), input: { userCode: "BBBB-CCCC" } })
      .catch((error) => told.add(String(error)));
  expect(told.size).toBe(1);
  await device.look({ ctx: fleet.ctx(guesser), input: { userCode } });
  for (const verb of [device.look, device.approve, device.deny])
    await expect(verb({ ctx: fleet.ctx(guesser), input: { userCode } })).rejects.toMatchObject({
      code: "rate_limited",
    });
});

test("a code is over after ten minutes, confirmed or not", async () => {
  const owner = await signIn(acme);
  const [late, confirmed] = [await begin(), await begin()];
  await approve(await proved(owner), confirmed.userCode);
  later(LOGIN_MS_MAX);
  await expect(approve(await proved(owner), late.userCode)).rejects.toMatchObject({ code: "not_found" });
  expect(await poll(late.deviceCode)).toEqual({ status: "expired" });
  expect(await poll(confirmed.deviceCode)).toEqual({ status: "expired" });
});

test("an open screen confirms nothing: neither without a proof, nor signed out meanwhile, nor by a key", async () => {
  const owner = await freshSignIn(acme);
  owners.delete(acme);
  const { deviceCode, userCode } = await begin();
  const stale = { ...owner.actor, provedAt: new Date(fleet.clock.now.getTime() - PROOF_MS_MAX - 1) };
  await expect(approve(stale, userCode)).rejects.toMatchObject({ code: "proof_required" });
  await auth.signOutEverywhere({ ctx: fleet.ctx(owner.actor), input: {} });
  await expect(approve(owner.actor, userCode)).rejects.toMatchObject({ code: "unauthenticated" });
  const key = await keyOf(
    (await token.create({ ctx: fleet.ctx(acme.as("owner")), input: { name: "k", role: "owner" } })).token,
  );
  await expect(device.approve({ ctx: fleet.ctx(key), input: { userCode } })).rejects.toMatchObject({
    code: "not_found",
  });
  expect(await poll(deviceCode)).toMatchObject({ status: "pending" });
});

test("confirmed by a viewer, it may what the viewer may; in their org and in no other", async () => {
  const key = await keyOf((await login(vera)).token);
  const mine = { ctx: fleet.ctx(key) };
  expect((await org.whoAmI({ ...mine, input: {} })).org.slug).toBe("acme");
  expect((await sandbox.list({ ...mine, input: {} })).items).toEqual([]);
  await expect(token.create({ ...mine, input: { name: "more", role: "viewer" } })).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(grant.give({ ...mine, input: { userId: vera.userId, role: "owner" } })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("a login of an owner does not vote, nor outlive its end by a key that it makes", async () => {
  const key = await keyOf((await login(await signIn(acme))).token);
  const vote = { changeId: acme.orgId, digest: `sha256:${"0".repeat(64)}`, verdict: "approve" as const };
  await expect(change.vote({ ctx: fleet.ctx(key), input: vote })).rejects.toMatchObject({ code: "forbidden" });
  await expect(token.create({ ctx: fleet.ctx(key), input: { name: "for ever", role: "owner" } })).rejects.toMatchObject(
    { code: "forbidden" },
  );
});

test("a denied one stays denied, and says so to the program", async () => {
  const owner = await signIn(acme);
  const { deviceCode, userCode } = await begin();
  await device.deny({ ctx: fleet.ctx(vera.actor), input: { userCode } });
  await expect(approve(await proved(owner), userCode)).rejects.toMatchObject({ code: "not_found" });
  expect(await poll(deviceCode)).toEqual({ status: "denied" });
});

test("whoever was demoted to nothing between confirming and fetching gets nothing", async () => {
  const dora = await join(fleet, acme, { name: "dora", role: "developer" });
  const { deviceCode, userCode } = await begin();
  await approve(await proved(dora), userCode);
  const owner = { ctx: fleet.ctx(acme.as("owner")) };
  const held = (await grant.list({ ...owner, input: {} })).items.find(({ subject }) => subject.id === dora.userId);
  await grant.end({ ...owner, input: { grantId: held?.id ?? "" } });
  expect(await poll(deviceCode)).toEqual({ status: "denied" });
});

test("signing out everywhere and a new password end the command lines' logins, fetched or not", async () => {
  const nora = await join(fleet, acme, { name: "nora", role: "developer" });
  const [one, waiting] = [await login(nora), await begin()];
  await approve(await proved(nora), waiting.userCode);
  await auth.signOutEverywhere({ ctx: fleet.ctx(await proved(nora)), input: { exceptCurrent: true } });
  expect(await keyOf(one.token)).toBeNull();
  expect(await poll(waiting.deviceCode)).toEqual({ status: "expired" });
  const two = await login(nora);
  const next = `${PASSWORD} anew`;
  await auth.changePassword({ ctx: fleet.ctx(await proved(nora)), input: { current: PASSWORD, next } });
  expect(await keyOf(two.token)).toBeNull();
});

test("signing out everywhere ends what a command line's login made, and what that was rotated to", async () => {
  const { token: login1 } = await login(await signIn(globex), 720);
  const input = { name: "mine", role: "owner" as const, expiresInDays: 29 };
  const made = await token.create({ ctx: fleet.ctx(await keyOf(login1)), input });
  const anew = await token.rotate({ ctx: fleet.ctx(await keyOf(made.token)), input: { tokenId: made.view.id } });
  const beside = await token.create({ ctx: fleet.ctx(globex.as("owner")), input });
  await auth.signOutEverywhere({
    ctx: fleet.ctx(await proved(await signIn(globex))),
    input: { exceptCurrent: true },
  });
  for (const text of [login1, made.token, anew.token]) expect(await keyOf(text)).toBeNull();
  // What the person made signed in on the page is theirs still.
  expect(await keyOf(beside.token)).not.toBeNull();
});

test("no rotation and no making overlaps with signing out everywhere: it waits, and ends the new key too", async () => {
  const owner = await signIn(acme);
  const { tokenId } = await login(owner);
  const { orgId } = acme;
  const watcher = openWatcher(fleet);
  const t = tables.apiTokens;
  const byId = (id: string) => and(eq(t.orgId, orgId), eq(t.id, id));
  const id = newId(fleet.clock.now);
  const ctx = fleet.ctx(await proved(owner));
  // A rotation, as it stands when it has written and not yet committed.
  const [ending] = await withOrg(fleet.db, orgId, async (tx) => {
    await lockPeople(tx, orgId);
    const [old] = await tx.select().from(t).where(byId(tokenId)).for("update");
    if (old === undefined) throw new Error("no login");
    const signingOut = auth.signOutEverywhere({ ctx, input: { exceptCurrent: true } });
    await Promise.race([watcher.somebodyWaits(), signingOut]);
    await tx.insert(t).values({ ...old, id, tokenHash: id, rotatedFrom: tokenId });
    return [signingOut];
  });
  await ending;
  await watcher.end();
  const rows = await withOrg(fleet.db, orgId, (tx) => tx.select().from(t).where(byId(id)));
  expect(rows.map(({ revokedAt }) => revokedAt)).toEqual([fleet.clock.now]);
});

test("a program that does not wait is told to wait longer, each time", async () => {
  const { deviceCode } = await begin();
  await poll(deviceCode);
  later(INTERVAL_SECONDS * 1000 - 1);
  expect(await poll(deviceCode)).toEqual({ status: "slow_down", intervalSeconds: 2 * INTERVAL_SECONDS });
  later(2 * INTERVAL_SECONDS * 1000);
  expect(await poll(deviceCode)).toEqual({ status: "pending", intervalSeconds: 2 * INTERVAL_SECONDS });
});

test("neither code nor token stands in the database, and the app's role sees no row", async () => {
  const owner = await signIn(acme);
  const { deviceCode, userCode } = await begin();
  await approve(await proved(owner), userCode);
  const answer = await poll(deviceCode);
  const rows = await withSystem(fleet.db, (tx) => tx.select().from(tables.deviceLogins));
  const text = JSON.stringify(rows);
  expect(rows.length).toBeGreaterThan(0);
  for (const secret of [deviceCode, userCode, answer.status === "approved" ? answer.token : ""])
    expect(text).not.toContain(secret);
  for (const hostName of ["a b", "\u202eevil", "", "-x", "<b>"])
    await expect(device.begin({ ctx: fleet.ctx(null), input: { hostName } })).rejects.toMatchObject({
      code: "invalid_input",
    });
});

/** As many that wait as there may be, asked for at this moment from these addresses, one after the other. */
async function crowd(addressOf: (at: number) => string | null, count = WAITING_MAX): Promise<void> {
  const t = tables.deviceLogins;
  const expiresAt = new Date(fleet.clock.now.getTime() + LOGIN_MS_MAX);
  const rows = Array.from({ length: count }, (_, at) => {
    const id = newId(fleet.clock.now);
    const codes = { deviceCodeHash: `d${id}`, userCodeHash: `u${id}` };
    const sourceAddress = addressOf(at);
    return {
      ...codes,
      id,
      hostName: "other",
      createdAt: fleet.clock.now,
      intervalSeconds: 5,
      expiresAt,
      sourceAddress,
    };
  });
  await withSystem(fleet.db, (tx) => tx.insert(t).values(rows));
}
const allGone = () =>
  withSystem(fleet.db, (tx) => tx.delete(tables.deviceLogins).where(isNull(tables.deviceLogins.verdict)));
const waitingNow = () =>
  withSystem(fleet.db, (tx) => tx.$count(tables.deviceLogins, gt(tables.deviceLogins.expiresAt, fleet.clock.now)));
const beginFrom = (address?: string) =>
  device.begin({ ctx: fleet.ctx(null), input: { hostName: "laptop", ...(address === undefined ? {} : { address }) } });

test("programs that wait are bounded and keep nobody out: one that has gone quiet goes for the next, never one that waits as it should", async () => {
  await allGone();
  const { deviceCode } = await begin();
  await crowd(() => null, WAITING_MAX - 1);
  later(INTERVAL_SECONDS * 1000);
  expect(await poll(deviceCode)).toMatchObject({ status: "pending" });
  const begun = [];
  for (let i = 0; i < 20; i++) begun.push(await begin());
  expect(await waitingNow()).toBe(WAITING_MAX);
  for (const each of [{ deviceCode }, ...begun]) expect(await poll(each.deviceCode)).not.toEqual({ status: "expired" });
  later(2 * LOGIN_MS_MAX + 1);
  await begin();
  const left = await withSystem(fleet.db, (tx) => tx.$count(tables.deviceLogins));
  expect(left).toBeLessThan(WAITING_MAX);
});

test("whoever begins logins by the thousand from one network pushes out their own, from many hosts of it too", async () => {
  await allGone();
  const alone = await beginFrom("198.51.100.7");
  later(1);
  // Twenty networks that each fill their share, and begin more from every one.
  await crowd((at) => `203.0.${at % 20}.${Math.floor(at / 20)}`, WAITING_MAX - 1);
  later(60_000);
  for (let i = 0; i < 20; i++) await beginFrom(`203.0.${i}.200`);
  await beginFrom("192.0.2.1");
  expect(await waitingNow()).toBe(WAITING_MAX);
  expect(await poll(alone.deviceCode)).toMatchObject({ status: "pending" });
});

test.each([
  ["of IPv4", () => "203.0.113.9", WAITING_OF_HOST_MAX],
  ["of IPv6, whatever address of its network it takes", (at: number) => `2001:db8:1:2::${at + 1}`, WAITING_OF_HOST_MAX],
  ["mapped", (at: number) => (at % 2 ? "::ffff:203.0.113.10" : "203.0.113.10"), WAITING_OF_HOST_MAX],
  ["in many networks of one prefix", (at: number) => `2001:db8:3:${(at + 1).toString(16)}::1`, WAITING_OF_PREFIX_MAX],
])("a host %s has a share of those that wait", async (_, addressOf, share) => {
  await allGone();
  await crowd(addressOf, share);
  later(1);
  await beginFrom(addressOf(share));
  expect(await waitingNow()).toBe(share);
  await beginFrom("192.0.2.77");
  expect(await waitingNow()).toBe(share + 1);
});

test("tries of one host are counted together, whatever address of its network it takes", async () => {
  const tries = Array.from({ length: ADDRESS_TRIES_MAX }, (_, at) => `2001:db8:77:1:${at.toString(16)}::1`);
  for (const address of tries) await countTry(fleet.db, { address }, fleet.clock.now);
  const next = (address: string) => countTry(fleet.db, { address }, fleet.clock.now);
  await expect(next("2001:db8:77:1:ffff:ffff:ffff:ffff")).rejects.toMatchObject({ code: "rate_limited" });
  await next("2001:db8:77:2::1");
});

test("a login is a key like any other of its person's: past the bound of those that work none is made, and the code stays to be fetched", async () => {
  const full = await join(fleet, acme, { name: "fulla", role: "viewer" });
  const t = tables.apiTokens;
  const { token: text } = await login(full);
  const { tokenId } = (await keyOf(text)) ?? { tokenId: "" };
  await withOrg(fleet.db, acme.orgId, async (tx) => {
    const [row] = await tx.select().from(t).where(eq(t.id, tokenId));
    if (row === undefined) throw new Error("no login");
    const alike = Array.from({ length: KEYS_WORKING_MAX - 1 }, () => {
      const id = newId(fleet.clock.now);
      return { ...row, id, tokenHash: id };
    });
    await tx.insert(t).values(alike);
  });
  const { deviceCode, userCode } = await begin();
  await approve(await proved(full), userCode);
  await expect(poll(deviceCode)).rejects.toMatchObject({ code: "conflict" });
  await token.revoke({ ctx: fleet.ctx(await proved(full)), input: { tokenId } });
  expect(await poll(deviceCode)).toMatchObject({ status: "approved" });
});
