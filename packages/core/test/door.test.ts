/**
 * Attacks on being known: by one who floods the door with a credential of theirs or with many that nobody has, by one whose row is held,
 * and by one person of two organizations of which one is held up. What is counted are answers and connections, not time.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { and, eq, tables, withOrg, withSystem } from "@creel/db";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ORG_CALLER_WAITING_MAX, orgAtOnceMax, SYSTEM_CALLER_WAITING_MAX } from "../../db/src/pools.ts";
import { type ApiKeyActor, auth, CreelError, token, type UserActor } from "../src/index.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";
import { openWatcher, type Watcher } from "./support/watcher.ts";

const MINUTES_MS = 2 * 60_000;
/** What goes on before one that is asked last is through: its own turns and those that run beside it, not a queue of a thousand. */
const SERVED_BEFORE_MAX = 100;

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let umbrella: TestOrg;
let holder: postgres.Sql;
let watcher: Watcher;

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  globex = await makeOrg(fleet, "globex");
  umbrella = await makeOrg(fleet, "umbrella");
  holder = postgres(fleet.ownerUrl, { max: 1, prepare: false });
  watcher = openWatcher(fleet);
});
afterAll(async () => {
  await holder?.end();
  await watcher?.end();
  await fleet?.close();
});

const signIn = async (org: TestOrg): Promise<string> =>
  (await auth.signIn({ ctx: fleet.ctx(null), input: { email: org.email, password: PASSWORD } })).token;
const bySession = (text: string): Promise<UserActor | null> =>
  auth.resolveSession({ ctx: fleet.ctx(null), input: { token: text } });
const byKey = (text: string): Promise<ApiKeyActor | null> =>
  auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } });
const codeOf = async (asked: Promise<unknown>): Promise<string> =>
  await asked.then(
    () => "done",
    (error: unknown) => (error instanceof CreelError ? error.code : String(error)),
  );

test("a flood with one credential refuses that one alone, and a flood of ones that nobody has refuses none", async () => {
  const key = await token.create({ ctx: fleet.ctx(globex.as("owner")), input: { name: "flood", role: "viewer" } });
  const [mine, others, flooding] = [await signIn(globex), await signIn(umbrella), await signIn(acme)];
  const answers: string[] = [];
  const noting = async (asked: Promise<unknown>): Promise<void> => void answers.push(await codeOf(asked));
  const junk = () => `creels_${randomBytes(32).toString("base64url")}`;
  const flood = [
    ...Array.from({ length: SYSTEM_CALLER_WAITING_MAX + SERVED_BEFORE_MAX }, () => noting(bySession(flooding))),
    ...Array.from({ length: SERVED_BEFORE_MAX * 2 }, () => noting(byKey(key.token))),
  ];
  const known = await Promise.all([bySession(mine), bySession(others)]);
  expect(known.map((actor) => actor?.orgId)).toEqual([globex.orgId, umbrella.orgId]);
  expect(answers.filter((answer) => answer === "done").length).toBeLessThan(SERVED_BEFORE_MAX);
  await Promise.all(flood);
  expect(new Set(answers)).toEqual(new Set(["done", "unavailable"]));

  const strangers = Array.from({ length: SYSTEM_CALLER_WAITING_MAX + SERVED_BEFORE_MAX }, () =>
    codeOf(bySession(junk())),
  );
  expect((await bySession(mine))?.orgId).toBe(globex.orgId);
  expect(new Set(await Promise.all(strangers))).toEqual(new Set(["done"]));
});

test("one that is known floods its org as that person, and the owner of the same org is let in", async () => {
  const viewer = await addPerson(fleet, globex, { name: "flooder", role: "viewer" });
  const actor = await viewer.actor();
  const at = orgAtOnceMax();
  const mine = await signIn(globex);
  await holder
    .begin(async (tx) => {
      await tx`select revision from people_revisions where org_id = ${globex.orgId} for update`;
      const input = { tokenId: "00000000-0000-4000-8000-000000000000" };
      const flood = Array.from({ length: at * 3 }, () => codeOf(token.revoke({ ctx: fleet.ctx(actor), input })));
      expect(await watcher.waiting(at - 1)).toBe(at - 1);
      expect((await bySession(mine))?.orgId).toBe(globex.orgId);
      return flood;
    })
    .then((flood) => Promise.all(flood));
});

test("a flood with one sign-in keeps its person from ending it by no other, and what it is refused it has not begun", async () => {
  const initech = await makeOrg(fleet, "initech");
  const stolen = { ...initech.as("owner"), sessionId: randomUUID() };
  const next = "a password that nobody else knows";
  const late = await holder.begin(async (tx) => {
    await tx`select revision from people_revisions where org_id = ${initech.orgId} for update`;
    const input = { tokenId: "00000000-0000-4000-8000-000000000000" };
    const flood = Array.from({ length: ORG_CALLER_WAITING_MAX * 2 }, () =>
      codeOf(token.revoke({ ctx: fleet.ctx(stolen), input })),
    );
    await watcher.waiting(orgAtOnceMax() - 1);
    expect(await codeOf(auth.beginTotp({ ctx: fleet.ctx(stolen), input: {} }))).toBe("unavailable");
    // Begun in turns of another kind, it waits for the rest of what it does, however many wait.
    const changed = codeOf(auth.changePassword({ ctx: fleet.ctx(stolen), input: { current: PASSWORD, next } }));
    const own = { ...stolen, sessionId: randomUUID() };
    expect(await codeOf(auth.signOutEverywhere({ ctx: fleet.ctx(own), input: {} }))).toBe("done");
    return { flood, changed };
  });
  expect(await late.changed).toBe("done");
  expect(new Set(await Promise.all(late.flood))).toEqual(new Set(["unauthenticated", "unavailable"]));
  const rows = await watcher.sql`
    select action from audit_events where org_id = ${initech.orgId} and resource_id = ${initech.userId} and action like 'auth.%'`;
  expect(rows.map(({ action }) => action).sort()).toEqual(["auth.changePassword", "auth.signOutEverywhere"]);
  expect(await watcher.sql`select 1 from user_totp where user_id = ${initech.userId}`).toHaveLength(0);
});

test("whose row somebody holds is known all the same, and used again when it is free", async () => {
  const made = await token.create({ ctx: fleet.ctx(acme.as("owner")), input: { name: "held", role: "viewer" } });
  const text = await signIn(acme);
  const sessionId = (await bySession(text))?.sessionId ?? "";
  const usedAt = async () => {
    const { sessions: s, apiTokens: t } = tables;
    return await withSystem(fleet.db, async (tx) => [
      (
        await tx
          .select({ at: s.lastUsedAt })
          .from(s)
          .where(and(eq(s.orgId, acme.orgId), eq(s.id, sessionId)))
      )[0]?.at,
      (
        await tx
          .select({ at: t.lastUsedAt })
          .from(t)
          .where(and(eq(t.orgId, acme.orgId), eq(t.id, tokenId)))
      )[0]?.at,
    ]);
  };
  const tokenId = (await byKey(made.token))?.tokenId ?? "";
  const before = await usedAt();
  fleet.clock.now = new Date(fleet.clock.now.getTime() + MINUTES_MS);
  await holder.begin(async (tx) => {
    await tx`select id from sessions where id = ${sessionId} for update`;
    await tx`select id from api_tokens where id = ${tokenId} for update`;
    for (let i = 0; i < 8; i++) {
      expect((await bySession(text))?.orgId).toBe(acme.orgId);
      expect((await byKey(made.token))?.orgId).toBe(acme.orgId);
    }
    expect(await usedAt()).toEqual(before);
  });
  await bySession(text);
  await byKey(made.token);
  expect(await usedAt()).toEqual([fleet.clock.now, fleet.clock.now]);
});

test("one person of two orgs, of which one is held up, keeps nobody of a third from signing in", async () => {
  const both = await addPerson(fleet, acme, { name: "both", role: "viewer" });
  const more = await addPerson(fleet, acme, { name: "more", role: "viewer" });
  await withOrg(fleet.db, globex.orgId, async (tx) => {
    await tx.insert(tables.memberships).values({ orgId: globex.orgId, userId: both.userId });
  });
  const inAcme = await both.actor();
  const [beside, at] = [await more.actor(), orgAtOnceMax()];
  const waits = await holder.begin(async (tx) => {
    await tx`select revision from people_revisions where org_id = ${acme.orgId} for update`;
    const input = { tokenId: "00000000-0000-4000-8000-000000000000" };
    const jam = [inAcme, beside].flatMap((actor) =>
      Array.from({ length: at }, () => codeOf(token.revoke({ ctx: fleet.ctx(actor), input }))),
    );
    expect(await watcher.waiting(at)).toBe(at);
    const first = codeOf(auth.signOutEverywhere({ ctx: fleet.ctx(inAcme), input: {} }));
    // In the other org they are not held up, though they wait in the first.
    await auth.signOutEverywhere({ ctx: fleet.ctx({ ...inAcme, orgId: globex.orgId }), input: {} });
    expect((await bySession(await signIn(umbrella)))?.orgId).toBe(umbrella.orgId);
    const [row] = await watcher.sql`
      select count(*)::int as held from pg_stat_activity
        where datname = current_database() and usename = 'creel_system' and xact_start is not null`;
    expect(row?.held).toBe(0);
    return { jam, first };
  });
  expect(await waits.first).toBe("done");
  expect(new Set(await Promise.all(waits.jam))).toEqual(new Set(["not_found"]));
});
