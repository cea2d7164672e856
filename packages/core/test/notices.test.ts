import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type NoticeChannelView, notice, sandbox, team, token, toPublicError } from "../src/index.ts";
import {
  FAILURES_UNTIL_PAUSED,
  RETRY_WAITS_MS,
  TEST_WAIT_MS,
  TESTS_PER_WAIT_MAX,
  WAITING_PER_CHANNEL_MAX,
} from "../src/notice/limits.ts";
import { type Fleet, makeNode, makeOrg, openFleet, system, type TestNode, type TestOrg } from "./support/fleet.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let host: TestNode;
let database: postgres.Sql;
/** What somebody with the whole database sees and does. */
const asOwner = async (statement: string) => await database.unsafe(statement);
beforeAll(async () => {
  fleet = await openFleet();
  database = postgres(fleet.ownerUrl, { max: 1, prepare: false });
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  host = await makeNode(fleet, acme, "host-1");
});
afterAll(async () => {
  await database?.end();
  await fleet?.close();
});
beforeEach(async () => {
  for (const org of [acme, globex]) for (const { id } of await channels(org)) await remove(org, id);
});

const owner = (org: TestOrg) => fleet.ctx(org.as("owner"));
const channels = async (org: TestOrg): Promise<NoticeChannelView[]> => [
  ...(await notice.listChannels({ ctx: owner(org), input: {} })).items,
  ...(await notice.listMyChannels({ ctx: owner(org), input: {} })).items,
];
async function remove(org: TestOrg, channelId: string): Promise<void> {
  const ctx = owner(org);
  await notice
    .removeChannel({ ctx, input: { channelId } })
    .catch(() => notice.removeMyChannel({ ctx, input: { channelId } }));
}
const hook = (over: { topics?: notice.NoticeTopic[]; digestMinutes?: number } = {}) => ({
  name: "ops",
  target: { kind: "webhook" as const, url: "https://hooks.example.com/secret-path" },
  topics: ["token.create"] as notice.NoticeTopic[],
  ...over,
});
/** Something that happens, of the topic `token.create`. */
const happen = async (org: TestOrg, name = "ci") =>
  await token.create({ ctx: owner(org), input: { name, role: "viewer" } });
const due = async () => await notice.due({ ctx: fleet.ctx(system), input: {} });
const claim = async (which: { orgId: string; deliveryId: string }) =>
  await notice.claim({ ctx: fleet.ctx(system), input: which });
const later = (ms: number): void => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + ms);
};
const failure = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "no failure",
    (error: unknown) => JSON.stringify(toPublicError(error)),
  );
const FAILED = { sent: false, reason: "It answered 500.", permanent: false, retryAfterMs: null } as const;

test("what happens is told once to each channel of its own org that asked for it, and to no other", async () => {
  await notice.createChannel({ ctx: owner(acme), input: hook() });
  await notice.createChannel({ ctx: owner(acme), input: hook({ topics: ["node.revoke"] }) });
  await notice.createChannel({ ctx: owner(globex), input: hook() });
  await happen(acme);
  const [first, ...more] = await due();
  expect(more).toEqual([]);
  if (first === undefined) throw new Error("nothing was due");
  expect(first.orgId).toBe(acme.orgId);
  const taken = await claim(first);
  expect(taken?.notices).toMatchObject([{ topic: "token.create", title: "token ci was made", path: "/audit" }]);
  expect(taken?.channel).toMatchObject({ kind: "webhook", url: "https://hooks.example.com/secret-path" });
});

test("of two hubs that hear of a delivery one sends it; the other takes it over when the first is silent", async () => {
  await notice.createChannel({ ctx: owner(acme), input: hook() });
  await happen(acme);
  const [one] = await due();
  if (one === undefined) throw new Error("nothing was due");
  const both = await Promise.all([claim(one), claim(one)]);
  expect(both.filter((taken) => taken !== null)).toHaveLength(1);
  expect(await due()).toEqual([]);
  later(61_000);
  expect(await due()).toEqual([one]);
  expect(await claim(one)).not.toBeNull();
});

test("a try that failed is made again after longer and longer waits, then given up", async () => {
  await notice.createChannel({ ctx: owner(acme), input: hook() });
  await happen(acme);
  const [one] = await due();
  if (one === undefined) throw new Error("nothing was due");
  for (const wait of RETRY_WAITS_MS) {
    expect(await claim(one)).not.toBeNull();
    await notice.recordOutcome({ ctx: fleet.ctx(system), input: { ...one, outcome: FAILED } });
    later(wait - 1);
    expect(await due()).toEqual([]);
    later(1);
    expect(await due()).toEqual([one]);
  }
  expect(await claim(one)).not.toBeNull();
  await notice.recordOutcome({ ctx: fleet.ctx(system), input: { ...one, outcome: FAILED } });
  later(24 * 60 * 60 * 1000);
  expect(await due()).toEqual([]);
  expect(await channels(acme)).toMatchObject([{ failures: 1, lastReason: "It answered 500.", waiting: 0 }]);
});

test("a channel that never takes anything is paused on record, and a test of it begins anew", async () => {
  const { channel } = await notice.createChannel({ ctx: owner(acme), input: hook() });
  for (let at = 0; at < FAILURES_UNTIL_PAUSED; at += 1) {
    await happen(acme, `ci-${at}`);
    const [one] = await due();
    if (one === undefined) throw new Error("nothing was due");
    await claim(one);
    const outcome = { ...FAILED, permanent: true };
    await notice.recordOutcome({ ctx: fleet.ctx(system), input: { ...one, outcome } });
  }
  expect(await channels(acme)).toMatchObject([{ failures: FAILURES_UNTIL_PAUSED, pausedAt: expect.any(String) }]);
  await happen(acme, "unheard");
  expect(await due()).toEqual([]);
  await notice.testChannel({ ctx: owner(acme), input: { channelId: channel.id } });
  const [one] = await due();
  if (one === undefined) throw new Error("nothing was due");
  expect((await claim(one))?.notices).toMatchObject([{ topic: "test" }]);
  await notice.recordOutcome({ ctx: fleet.ctx(system), input: { ...one, outcome: { sent: true } } });
  expect(await channels(acme)).toMatchObject([{ failures: 0, pausedAt: null, lastSentAt: expect.any(String) }]);
});

test("a digest gathers until its time and not longer", async () => {
  await notice.createChannel({ ctx: owner(acme), input: hook({ digestMinutes: 5 }) });
  for (const name of ["a", "b", "c"]) await happen(acme, name);
  expect(await due()).toEqual([]);
  later(5 * 60_000);
  const [one, ...more] = await due();
  expect(more).toEqual([]);
  if (one === undefined) throw new Error("nothing was due");
  expect((await claim(one))?.notices).toHaveLength(3);
  await happen(acme, "after it was taken");
  later(5 * 60_000 - 1);
  expect((await due()).filter(({ deliveryId }) => deliveryId !== one.deliveryId)).toEqual([]);
});

test("a flood of news fills one channel to its bound and leaves the others alone", async () => {
  const { channel } = await notice.createChannel({ ctx: owner(acme), input: hook() });
  const other = await notice.createChannel({ ctx: owner(acme), input: hook() });
  await asOwner(`insert into notice_deliveries (org_id, id, channel_id, notices, state, due_at)
    select '${acme.orgId}', gen_random_uuid(), '${channel.id}', '[]', 'waiting', now() from generate_series(3, ${WAITING_PER_CHANNEL_MAX})`);
  for (const name of ["a", "b", "c", "d"]) await happen(acme, name);
  const waiting = new Map((await channels(acme)).map((one) => [one.id, one]));
  expect(waiting.get(other.channel.id)).toMatchObject({ waiting: 4, lastReason: null });
  expect([waiting.get(channel.id)]).toMatchObject([
    { waiting: WAITING_PER_CHANNEL_MAX, lastReason: expect.stringContaining("dropped") },
  ]);
});

test("a person's own channel tells what that person may read at that moment, by scope too", async () => {
  const mine = { ...hook({ topics: ["sandbox.kill"] }), name: "mine" };
  await notice.createMyChannel({ ctx: fleet.ctx(acme.as("viewer")), input: mine });
  const made = await sandbox.create({
    ctx: owner(acme),
    input: {
      name: "demo",
      nodeId: host.nodeId,
      policyId: acme.policyId,
      agent: { plugin: "command", command: ["true"] },
    },
  });
  const kill = async () =>
    await sandbox.kill({ ctx: owner(acme), input: { sandboxId: made.id, reason: "walk", to: "stopped" } });
  await kill();
  // The channel's person is the org's owner in the database, whatever this request's grants said.
  expect(await due()).toHaveLength(1);
  await asOwner(`update role_grants set scope = '{"env":["staging"]}' where org_id = '${acme.orgId}'`);
  await kill();
  expect(await due()).toHaveLength(1);
  await asOwner(`update role_grants set scope = null where org_id = '${acme.orgId}'`);
});

test("a channel cannot be made to write to somebody again and again by testing it", async () => {
  const { channel } = await notice.createMyChannel({ ctx: owner(acme), input: hook() });
  const input = { channelId: channel.id };
  for (let at = 0; at < TESTS_PER_WAIT_MAX; at += 1) await notice.testMyChannel({ ctx: owner(acme), input });
  expect(await failure(notice.testMyChannel({ ctx: owner(acme), input }))).toContain("rate_limited");
  later(TEST_WAIT_MS + 1);
  expect(await failure(notice.testMyChannel({ ctx: owner(acme), input }))).toBe("no failure");
});

test("the channel of a team that was removed tells nobody anything any more", async () => {
  const { id: teamId } = await team.create({ ctx: owner(acme), input: { name: "night-shift" } });
  await notice.createChannel({ ctx: owner(acme), input: { ...hook(), teamId } });
  await happen(acme, "while-it-was-there");
  expect(await due()).toHaveLength(1);
  for (const one of await due()) {
    await claim(one);
    await notice.recordOutcome({ ctx: fleet.ctx(system), input: { ...one, outcome: { sent: true } } });
  }
  await team.remove({ ctx: owner(acme), input: { teamId } });
  await happen(acme, "after-it-had-gone");
  expect(await due()).toEqual([]);
});

test("the URL is nowhere to be read: not in lists, not in the audit, not in the database", async () => {
  await notice.createChannel({ ctx: owner(acme), input: hook() });
  expect(JSON.stringify(await channels(acme))).not.toContain("secret-path");
  expect(await channels(acme)).toMatchObject([{ shown: "hooks.example.com" }]);
  const rows = await asOwner("select * from notice_channels");
  const audits = await asOwner("select * from audit_events");
  expect(JSON.stringify([rows, audits])).not.toContain("secret-path");
});

test("another org's channel, another person's, and none at all are the same to a stranger", async () => {
  const { channel } = await notice.createChannel({ ctx: owner(acme), input: hook() });
  const ctx = owner(globex);
  const unknown = await failure(notice.removeChannel({ ctx, input: { channelId: randomUUID() } }));
  expect(await failure(notice.removeChannel({ ctx, input: { channelId: channel.id } }))).toBe(unknown);
  expect(await failure(notice.testChannel({ ctx, input: { channelId: channel.id } }))).toBe(unknown);
  expect(await failure(notice.removeMyChannel({ ctx: owner(acme), input: { channelId: channel.id } }))).toBe(unknown);
});

test("a target inside our own network is refused where it is made, unless this installation lists it", async () => {
  const make = async (url: string, noticeHosts: string[] = []) =>
    await failure(
      notice.createChannel({
        ctx: { ...owner(acme), noticeHosts },
        input: { ...hook(), target: { kind: "slack", url } },
      }),
    );
  expect(await make("https://10.0.0.7/hook")).toContain("public address");
  expect(await make("http://chat.internal/hook")).toContain("https://");
  expect(await make("http://chat.internal/hook", ["chat.internal:80"])).toBe("no failure");
});
