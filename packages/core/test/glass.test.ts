import { approvalSpecSchema } from "@creel/approvals";
import { eq, inArray, newId, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { approvalPolicy, change, grant, notice, policy } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, POLICY, system, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let ada: TestPerson;
let ben: TestPerson;
let policyId: string;
let count = 0;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  ada = await addPerson(fleet, acme, { name: "ada", role: "security_admin" });
  ben = await addPerson(fleet, acme, { name: "ben", role: "approver" });
});
afterAll(async () => await fleet?.close());
beforeEach(async () => {
  const input = { name: `glass-${++count}`, yaml: POLICY };
  policyId = applied(await policy.create({ ctx: owner(), input })).id;
  await policy.setLabels({ ctx: owner(), input: { policyId, labels: { glass: String(count) } } });
  const selector = { labels: { glass: [String(count)] } };
  const spec = approvalSpecSchema.parse({
    selector,
    steps: [{ atLeast: 1, of: [{ role: "approver" }] }],
    timeToLiveHours: 100,
  });
  applied(await approvalPolicy.save({ ctx: await ctxOf(ada), input: { name: rule(), mode: "enforce", spec } }));
});

const rule = (): string => `rule ${count}`;
const HOUR_MS = 3_600_000;
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const owner = () => fleet.ctx(acme.as("owner"));
const pass = (hours: number): void => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + hours * HOUR_MS);
};
const sweep = async () => await change.sweep({ ctx: fleet.ctx(system), input: {} });
const seen = async (changeId: string) => await change.get({ ctx: owner(), input: { changeId } });
const now = async () => await policy.get({ ctx: owner(), input: { policyId } });

/** Allows more and denies nothing more: what taking it back only narrows. */
const WIDE = POLICY.replace("GET", "'*'");
async function propose(yaml = WIDE) {
  const { latestVersion } = await now();
  const input = { policyId, yaml, baseVersion: latestVersion };
  const { changeId } = await policy.saveVersion({ ctx: await ctxOf(ada), input });
  return { changeId, digest: (await seen(changeId)).digest };
}
async function broken(hours?: number): Promise<string> {
  const made = await propose();
  const input = { ...made, reason: "production is down", ...(hours === undefined ? {} : { hours }) };
  await change.breakGlass({ ctx: await ctxOf(ada), input });
  return made.changeId;
}
const close = async (who: TestPerson, changeId: string, verdict: "keep" | "justified" | "undo") =>
  await change.closeReview({ ctx: await ctxOf(who), input: { changeId, verdict, note: "looked at the logs" } });

test("everybody who was passed over, and every owner, is told in the product until they say that they saw it", async () => {
  const changeId = await broken();
  for (const ctx of [await ctxOf(ben), owner()]) {
    const { items } = await notice.listUnseen({ ctx, input: {} });
    const told = items.find(({ path }) => path === `/changes/${changeId}`);
    expect(told).toMatchObject({ topic: "change.breakGlass", text: expect.stringContaining("production is down") });
    await notice.markSeen({ ctx, input: { noticeIds: [told?.id ?? ""] } });
    const left = await notice.listUnseen({ ctx, input: {} });
    expect(left.items.map(({ id }) => id)).not.toContain(told?.id);
  }
  const { items } = await notice.listUnseen({ ctx: await ctxOf(ada), input: {} });
  expect(items.map(({ path }) => path)).not.toContain(`/changes/${changeId}`);
});

test("what was applied is taken back at its end and not before, once, by a sweep that comes late too", async () => {
  const changeId = await broken(2);
  pass(2 - 1 / 3600);
  await sweep();
  expect((await now()).latestVersion).toBe(2);
  pass(30);
  await sweep();
  await sweep();
  expect(await now()).toMatchObject({ latestVersion: 3, yaml: POLICY });
  expect((await seen(changeId)).review).toMatchObject({ endedHow: "taken_back", closedAt: null });
});

test("the review keeps it, by somebody who took no part; at its end nothing is left to keep", async () => {
  const kept = await broken();
  await expect(close(ada, kept, "keep")).rejects.toMatchObject({ code: "forbidden" });
  await close(ben, kept, "keep");
  pass(25);
  await sweep();
  expect((await now()).latestVersion).toBe(2);
  expect((await seen(kept)).review).toMatchObject({ endedHow: "kept", verdict: "keep" });
  const late = await broken(1);
  pass(1);
  // Nothing has swept yet: what is over is over.
  await expect(close(ben, late, "keep")).rejects.toMatchObject({ code: "conflict" });
  await close(ben, late, "justified");
  await sweep();
  expect(await now()).toMatchObject({ latestVersion: 4, yaml: WIDE });
});

test("kept and taken back at the same moment: one of them, and what is there says which", async () => {
  const changeId = await broken(1);
  pass(1 - 1 / 3600);
  const end = fleet.clock.now;
  const keeping = close(ben, changeId, "keep");
  fleet.clock.now = new Date(end.getTime() + 1000);
  await Promise.allSettled([keeping, sweep()]);
  await sweep();
  const { review } = await seen(changeId);
  expect((await now()).latestVersion).toBe(review?.endedHow === "kept" ? 2 : 3);
});

test("what has been changed since is left, on record", async () => {
  const changeId = await broken(1);
  const next = await propose(POLICY.replace("GET", "PUT"));
  await change.vote({ ctx: await ctxOf(ben), input: { ...next, verdict: "approve" } });
  pass(1);
  await sweep();
  expect((await now()).latestVersion).toBe(3);
  expect((await seen(changeId)).review).toMatchObject({ endedHow: "left", endedNote: "Version 3 was saved since." });
});

test("the review takes it back at once", async () => {
  const changeId = await broken();
  await close(ben, changeId, "undo");
  expect(await now()).toMatchObject({ latestVersion: 3, yaml: POLICY });
});

test("a role given by break-glass cannot be kept, as it carries its own end, and is never one that votes", async () => {
  const other = await makeOrg(fleet, `grants-${count}`);
  const [eve, bea, vic] = [
    await addPerson(fleet, other, { name: `eva${count}`, role: "security_admin" }),
    await addPerson(fleet, other, { name: `bea${count}`, role: "approver" }),
    await addPerson(fleet, other, { name: `vic${count}`, role: "viewer" }),
  ];
  const spec = approvalSpecSchema.parse({
    selector: { kinds: ["role_grant"] },
    steps: [{ atLeast: 1, of: [{ role: "approver" }] }],
  });
  const admin = fleet.ctx(other.as("owner"));
  applied(await approvalPolicy.save({ ctx: admin, input: { name: "grants", mode: "enforce", spec } }));
  const asked = await grant.give({ ctx: await ctxOf(eve), input: { userId: vic.userId, role: "viewer", hours: 10 } });
  const breaking = async (changeId: string) => {
    const { digest } = await change.get({ ctx: admin, input: { changeId } });
    const input = { changeId, digest, reason: "production is down", hours: 1 };
    return await change.breakGlass({ ctx: await ctxOf(eve), input });
  };
  const friend = { userId: vic.userId, role: "approver" } as const;
  const voting = await grant.give({ ctx: fleet.ctx(other.as("owner")), input: friend });
  await expect(breaking(voting.changeId)).rejects.toMatchObject({ message: expect.stringContaining("nobody a vote") });
  await breaking(asked.changeId);
  const told = async () =>
    (await change.impact({ ctx: await ctxOf(bea), input: { changeId: asked.changeId } })).says.join(" ");
  expect(await told()).toMatch(/It gave the role viewer: .*node:read.* It ends 2026-/);
  expect((await change.get({ ctx: await ctxOf(bea), input: { changeId: asked.changeId } })).refusals.keep).toContain(
    "end",
  );
  await expect(close(bea, asked.changeId, "keep")).rejects.toMatchObject({ code: "conflict" });
  await close(bea, asked.changeId, "justified");
  pass(1);
  await sweep();
  expect(await told()).toContain("It has ended.");
});

test("a text that break-glass applied is not made to stay by a remark: what comes on top is as grave, and says so", async () => {
  const made = applied(await policy.create({ ctx: owner(), input: { name: `remark-${count}`, yaml: POLICY } }));
  await policy.setLabels({ ctx: owner(), input: { policyId: made.id, labels: { remark: String(count) } } });
  const spec = approvalSpecSchema.parse({
    selector: { labels: { remark: [String(count)] }, riskAtLeast: "medium" },
    steps: [{ atLeast: 1, of: [{ role: "approver" }] }],
  });
  const name = `remarks ${count}`;
  applied(await approvalPolicy.save({ ctx: owner(), input: { name, mode: "enforce", spec } }));
  const wide = POLICY.replace("GET", "'*'");
  const save = async (yaml: string, baseVersion: number) =>
    await policy.saveVersion({ ctx: await ctxOf(ada), input: { policyId: made.id, yaml, baseVersion } });
  const first = await save(wide, 1);
  expect(first.outcome).toBe("proposed");
  const { digest, title } = await seen(first.changeId);
  const input = { changeId: first.changeId, digest, reason: "production is down", hours: 1 };
  await change.breakGlass({ ctx: await ctxOf(ada), input });
  const second = await save(`${wide}# a remark\n`, 2);
  expect(second.outcome).toBe("proposed");
  const { says } = await change.impact({ ctx: await ctxOf(ben), input: { changeId: second.changeId } });
  expect(says.join()).toContain(title);
  pass(1);
  await sweep();
  expect((await policy.get({ ctx: owner(), input: { policyId: made.id } })).yaml).toBe(POLICY);
});

test("the time asked for has bounds", async () => {
  const made = await propose();
  for (const hours of [0, 25, 1.5])
    await expect(
      change.breakGlass({ ctx: await ctxOf(ada), input: { ...made, reason: "production is down", hours } }),
    ).rejects.toMatchObject({ code: "invalid_input" });
  await change.breakGlass({ ctx: await ctxOf(ada), input: { ...made, reason: "production is down", hours: 24 } });
});

test("a waiting change reminds those who could give what is missing at two instants, once each, and when asked", async () => {
  const { changeId } = await propose();
  const unseen = async () => (await notice.listUnseen({ ctx: await ctxOf(ben), input: {} })).items;
  const reminded = async () => (await seen(changeId)).remindedAt;
  pass(24 - 1 / 3600);
  await sweep();
  expect(await reminded()).toBeNull();
  pass(1);
  await sweep();
  const first = await reminded();
  expect(first).not.toBeNull();
  expect((await unseen()).map(({ topic, path }) => `${topic} ${path}`)).toContain(`change.remind /changes/${changeId}`);
  await sweep();
  expect(await reminded()).toBe(first);
  const ask = async () => await change.remind({ ctx: await ctxOf(ada), input: { changeId } });
  await expect(ask()).rejects.toMatchObject({ code: "conflict" });
  pass(1);
  expect(await ask()).toMatchObject({ reminded: 1 });
  // A quarter of a hundred hours is left.
  pass(50);
  await sweep();
  const last = await reminded();
  expect(last).not.toBe(first);
  pass(10);
  await sweep();
  expect(await reminded()).toBe(last);
});

test("a person has a share of what waits, and the last places are kept for whoever may break the glass", async () => {
  const dev = await addPerson(fleet, acme, { name: `dev${count}`, role: "developer" });
  const eve = await addPerson(fleet, acme, { name: `eve${count}`, role: "developer" });
  const { changes: c, changeParties: p } = tables;
  /** So many more that wait like this one, of the same author. */
  const fill = async (changeId: string, more: number): Promise<void> =>
    await withOrg(fleet.db, acme.orgId, async (tx) => {
      const [row] = await tx.select().from(c).where(eq(c.id, changeId));
      if (row === undefined) throw new Error("no change");
      const rows = Array.from({ length: more }, () => ({ ...row, id: newId(fleet.clock.now) }));
      await tx.insert(c).values(rows);
      const { orgId, authorUserId } = row;
      if (authorUserId === null) throw new Error("no author");
      await tx.insert(p).values(rows.map(({ id }) => ({ orgId, changeId: id, userId: authorUserId, part: "author" })));
    });
  const waiting = async (): Promise<number> =>
    await withOrg(fleet.db, acme.orgId, (tx) => tx.$count(c, inArray(c.state, ["open", "approved"])));
  const yaml = POLICY.replace("GET", "PATCH");
  const by = async (who: TestPerson) =>
    await policy.saveVersion({ ctx: await ctxOf(who), input: { policyId, yaml, baseVersion: 1 } });
  await fill((await by(dev)).changeId, 48);
  await by(dev);
  await expect(by(dev)).rejects.toMatchObject({ code: "conflict" });
  const { changeId } = await by(eve);
  // Whoever else they are, there are 449 waiting, and one more is the last that anybody may add.
  await fill(changeId, 449 - (await waiting()));
  const late = await addPerson(fleet, acme, { name: `late${count}`, role: "developer" });
  await by(late);
  await expect(by(late)).rejects.toMatchObject({ code: "conflict" });
  expect(await by(ada)).toMatchObject({ outcome: "proposed" });
});
