/**
 * Attacks on the connections that all organizations share: an org's members let so much wait for the lock of its people that nobody
 * else is served. The lock is held by a connection of the test, so that whatever waits for it waits, and what is counted are the
 * connections that wait, not time.
 */
import { type Db, openDb } from "@creel/db";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ORG_CALLER_WAITING_MAX, orgAtOnceMax } from "../../db/src/pools.ts";
import { type Pooler, startPooler } from "../../db/test/pooler.ts";
import { type Actor, auth, CreelError, type Ctx, sandbox, token } from "../src/index.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";
import { openWatcher, type Watcher } from "./support/watcher.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let holder: postgres.Sql;
let watcher: Watcher;

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  globex = await makeOrg(fleet, "globex");
  holder = postgres(fleet.appUrl, { max: 1, prepare: false });
  watcher = openWatcher(fleet);
});
afterAll(async () => {
  await holder?.end();
  await watcher?.end();
  await fleet?.close();
});

/** `act`, while a connection that is none of the pool's holds the lock of acme's people. */
const whileLocked = async (act: () => Promise<void>): Promise<void> => {
  await holder.begin(async (tx) => {
    await tx`select set_config('app.org_id', ${acme.orgId}, true)`;
    await tx`select revision from people_revisions where org_id = ${acme.orgId} for update`;
    await act();
  });
};

const answerOf = async (asked: Promise<unknown>): Promise<string> =>
  await asked.then(
    () => "done",
    (error: unknown) => (error instanceof CreelError ? error.code : String(error)),
  );

/** An act that waits for the lock of people, and then finds nothing to do. */
const act = (ctx: Ctx) => answerOf(token.revoke({ ctx, input: { tokenId: "00000000-0000-4000-8000-000000000000" } }));
const acts = (ctx: Ctx, count: number) => Array.from({ length: count }, () => act(ctx));
const ORG_AT_ONCE = orgAtOnceMax();

describe.each([
  ["straight to Postgres", false],
  ["through a pooler of transactions with three connections", true],
] as const)("%s", (_, pooled) => {
  let pooler: Pooler | null = null;
  let db: Db;
  const ctx = (actor: Actor | null): Ctx => ({ ...fleet.ctx(actor), db });
  // Whoever sets up a pooler of three says so: then one connection is one org's.
  const ofOrg = pooled ? orgAtOnceMax(3) : ORG_AT_ONCE;

  beforeAll(async () => {
    pooler = pooled ? await startPooler(fleet) : null;
    db = openDb({ ...(pooler ?? fleet), poolMax: pooled ? 3 : undefined });
  });
  afterAll(async () => {
    await db?.close();
    await pooler?.stop();
  });

  test("150 acts of one viewer hold the connections of one caller, and another org is served meanwhile", async () => {
    const { actor } = await addPerson(fleet, acme, { name: `viewer-${pooled}`, role: "viewer" });
    const viewer = await actor();
    await act(ctx(viewer));
    const ofCaller = Math.max(1, ofOrg - 1);
    let flood: Promise<string>[] = [];
    await whileLocked(async () => {
      flood = acts(ctx(viewer), 150);
      expect(await watcher.waiting(ofCaller)).toBe(ofCaller);
      // Each of these would wait for the lock's end behind a flood that held all connections.
      for (let i = 0; i < 5; i++) await sandbox.list({ ctx: ctx(globex.as("owner")), input: {} });
      const key = await token.create({ ctx: ctx(globex.as("owner")), input: { name: "key", role: "viewer" } });
      const known = await auth.resolveApiToken({ ctx: ctx(null), input: { token: key.token } });
      expect(known?.orgId).toBe(globex.orgId);
      expect(await watcher.waiting(ofCaller)).toBe(ofCaller);
    });
    expect(new Set(await Promise.all(flood))).toEqual(new Set(["not_found"]));
  });
});

test("many callers of one org hold its share together, and one who asks once more is refused and told when to come again", async () => {
  const callers = await Promise.all(
    ["ann", "bob", "cem"].map(async (name) => await (await addPerson(fleet, acme, { name, role: "viewer" })).actor()),
  );
  const [ann] = callers;
  if (ann === undefined) throw new Error("there are three");
  let flood: Promise<string>[] = [];
  await whileLocked(async () => {
    flood = callers.flatMap((caller) => acts(fleet.ctx(caller), 20));
    expect(await watcher.waiting(ORG_AT_ONCE)).toBe(ORG_AT_ONCE);
    flood.push(...acts(fleet.ctx(ann), ORG_CALLER_WAITING_MAX));
    const refused = await token.revoke({ ctx: fleet.ctx(ann), input: { tokenId: acme.orgId } }).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ code: "unavailable", status: 503, retryAfterSeconds: expect.any(Number) });
    expect(await watcher.waiting(ORG_AT_ONCE)).toBe(ORG_AT_ONCE);
    await sandbox.list({ ctx: fleet.ctx(globex.as("owner")), input: {} });
  });
  const answers = await Promise.all(flood);
  expect(answers.filter((answer) => answer === "unavailable").length).toBeGreaterThan(0);
  expect(new Set(answers)).toEqual(new Set(["not_found", "unavailable"]));
});

test("an org whose people wait in the middle of a sign-in keeps nobody of another from signing in or being known", async () => {
  const emails = await Promise.all(
    [1, 2, 3, 4].map(async (n) => (await addPerson(fleet, acme, { name: `out${n}`, role: "viewer" })).actor()),
  );
  let blocked: Promise<string>[] = [];
  await whileLocked(async () => {
    // The share of acme is taken by acts that wait, so whatever of acme goes on in it waits as well.
    blocked = emails.flatMap((actor) => acts(fleet.ctx(actor), ORG_AT_ONCE));
    expect(await watcher.waiting(ORG_AT_ONCE)).toBe(ORG_AT_ONCE);
    blocked.push(...emails.map((actor) => answerOf(auth.signOutEverywhere({ ctx: fleet.ctx(actor), input: {} }))));
    const [row] = await watcher.sql`
      select count(*)::int as idle from pg_stat_activity
        where datname = current_database() and usename = 'creel_system' and state = 'idle in transaction'`;
    expect(Number(row?.idle)).toBeLessThanOrEqual(1);
    const signedIn = await auth.signIn({ ctx: fleet.ctx(null), input: { email: globex.email, password: PASSWORD } });
    const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signedIn.token } });
    expect(actor?.orgId).toBe(globex.orgId);
  });
  const answers = await Promise.all(blocked);
  expect(answers.slice(-emails.length)).toEqual(emails.map(() => "done"));
});
