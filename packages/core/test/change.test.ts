import { randomUUID } from "node:crypto";
import { approvalSpecSchema } from "@creel/approvals";
import { eq, sql, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type Actor,
  approvalPolicy,
  audit,
  auth,
  change,
  grant,
  policy,
  sandbox,
  serviceAccount,
  token,
} from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, POLICY, system, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let count = 0;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
});
afterAll(async () => await fleet?.close());

interface Case {
  org: TestOrg;
  /** Proposes, and may do it alone where nothing selects it. */
  ada: TestPerson;
  ben: TestPerson;
  cleo: TestPerson;
}
let now: Case;
beforeEach(async () => {
  // One org for all: its rules of before are gone, its policy is a new one, and so are its people.
  await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ removedAt: fleet.clock.now }));
  const name = `demo-${++count}`;
  const { id } = applied(await policy.create({ ctx: fleet.ctx(acme.as("owner")), input: { name, yaml: POLICY } }));
  const org = { ...acme, policyId: id };
  const [ada, ben, cleo] = await Promise.all([
    addPerson(fleet, org, { name: `ada${count}`, role: "security_admin" }),
    addPerson(fleet, org, { name: `ben${count}`, role: "approver" }),
    addPerson(fleet, org, { name: `cleo${count}`, role: "approver" }),
  ]);
  now = { org, ada, ben, cleo };
});

const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const spec = (given: object) => approvalSpecSchema.parse(given);
const two = { steps: [{ atLeast: 2, of: [{ role: "approver" }] }] };
const one = { steps: [{ atLeast: 1, of: [{ role: "approver" }] }] };

async function enforce(given: object = one, mode: "enforce" | "evaluate" = "enforce"): Promise<string> {
  const input = { name: `rule ${randomUUID().slice(0, 6)}`, mode, spec: spec(given) };
  return applied(await approvalPolicy.save({ ctx: await ctxOf(now.ada), input })).policyId;
}
const forPolicies = (given: object) => ({ ...given, selector: { kinds: ["policy_version"] } });
const wider = POLICY.replace("GET", "POST");

async function propose(who = now.ada, yaml = wider, more: object = {}): Promise<{ changeId: string; digest: string }> {
  const { latestVersion } = await policy.get({ ctx: await ctxOf(now.ada), input: { policyId: now.org.policyId } });
  const input = { policyId: now.org.policyId, yaml, baseVersion: latestVersion, ...more };
  const answer = await policy.saveVersion({ ctx: await ctxOf(who), input });
  if (answer.outcome !== "proposed") throw new Error("was applied");
  const { digest } = await seen(answer.changeId);
  return { changeId: answer.changeId, digest };
}
const seen = async (changeId: string, who = now.ada) =>
  await change.get({ ctx: await ctxOf(who), input: { changeId } });
const vote = async (
  who: TestPerson,
  of: { changeId: string; digest: string },
  verdict: "approve" | "reject" = "approve",
) => await change.vote({ ctx: await ctxOf(who), input: { ...of, verdict } });
const version = async (): Promise<number> =>
  (await policy.get({ ctx: await ctxOf(now.ada), input: { policyId: now.org.policyId } })).latestVersion;
const actions = async (): Promise<string[]> => {
  const { items } = await audit.list({ ctx: fleet.ctx(now.org.as("owner")), input: { limit: 500 } });
  return items.map(({ action }) => action);
};

describe("a change that no policy selects", () => {
  test("is applied at once, and is a change all the same", async () => {
    const input = { policyId: now.org.policyId, yaml: wider, baseVersion: 1 };
    const saved = applied(await policy.saveVersion({ ctx: await ctxOf(now.ada), input }));
    expect(saved.version).toBe(2);
    expect(await seen(saved.changeId)).toMatchObject({ state: "applied", kind: "policy_version" });
    expect(await actions()).toEqual(expect.arrayContaining(["change.propose", "change.apply", "policy.saveVersion"]));
  });

  test("by somebody who may only propose waits for one who may do it", async () => {
    const dev = await addPerson(fleet, now.org, { name: `dev${count}`, role: "developer" });
    const made = await propose(dev);
    expect(await version()).toBe(1);
    expect((await seen(made.changeId)).rules).toMatchObject([{ policyId: null, state: "open" }]);
    // An approver may approve changes, but may not save policies: the rule asks for somebody who may.
    expect(await vote(now.ben, made)).toMatchObject({ state: "open" });
    expect(await vote(now.ada, made)).toMatchObject({ state: "applied" });
    expect(await version()).toBe(2);
  });

  test("scheduled, is not applied when its author has lost the right meanwhile", async () => {
    const applyAt = new Date(fleet.clock.now.getTime() + 3_600_000).toISOString();
    const { changeId } = await propose(now.ada, wider, { applyAt });
    await now.ada.demote();
    const before = fleet.clock.now;
    fleet.clock.now = new Date(before.getTime() + 7_200_000);
    await change.sweep({ ctx: fleet.ctx(system), input: {} });
    expect(await seen(changeId, now.ben)).toMatchObject({ state: "open" });
    fleet.clock.now = before;
  });
});

describe("votes", () => {
  test("of as many as are asked apply it, in the version of its author, and its nodes get a plan", async () => {
    const node = await makeNode(fleet, now.org, "host-1");
    const agent = { plugin: "command" as const, command: ["true"] };
    const box = { name: `demo-${count}`, nodeId: node.nodeId, policyId: now.org.policyId, agent };
    await sandbox.create({ ctx: fleet.ctx(now.org.as("owner")), input: box });
    await enforce(forPolicies(two));
    const made = await propose();
    expect(await vote(now.ben, made)).toMatchObject({ state: "open", planIds: [] });
    const done = await vote(now.cleo, made);
    expect(done).toMatchObject({ state: "applied" });
    expect(done.planIds).toHaveLength(1);
    const versions = await policy.listVersions({ ctx: await ctxOf(now.ada), input: { policyId: now.org.policyId } });
    expect(versions.items[0]).toMatchObject({ version: 2, author: now.ada.email });
  });

  test("of one person count once, however often given", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    await vote(now.ben, made);
    expect(await vote(now.ben, made)).toMatchObject({ state: "open" });
  });

  test("of its author are refused, signed in or by a key of theirs", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    await expect(vote(now.ada, made)).rejects.toMatchObject({ code: "forbidden" });
    const key: Actor = {
      kind: "apiKey",
      tokenId: randomUUID(),
      orgId: now.org.orgId,
      name: "ada's key",
      owner: { kind: "user", id: now.ada.userId },
      ownerLabel: now.ada.email,
      grants: (await now.ada.actor()).grants,
    };
    await expect(change.vote({ ctx: fleet.ctx(key), input: { ...made, verdict: "approve" } })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await version()).toBe(1);
  });

  test("of whoever made the key of the service account that proposed it are refused", async () => {
    await enforce(forPolicies(one));
    const ownerCtx = fleet.ctx(now.org.as("owner"));
    const account = await serviceAccount.create({ ctx: ownerCtx, input: { name: `robot-${count}` } });
    const serviceAccountId = account.id;
    await grant.give({ ctx: ownerCtx, input: { serviceAccountId, role: "owner" } });
    const made = await token.create({ ctx: ownerCtx, input: { name: "robot", role: "owner", serviceAccountId } });
    const robot = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
    const input = { policyId: now.org.policyId, yaml: wider, baseVersion: 1 };
    const answer = await policy.saveVersion({ ctx: fleet.ctx(robot), input });
    const { digest } = await seen(answer.changeId);
    const ballot = { changeId: answer.changeId, digest, verdict: "approve" as const };
    await expect(change.vote({ ctx: fleet.ctx(now.org.as("owner")), input: ballot })).rejects.toMatchObject({
      code: "forbidden",
    });
    // Nor does the robot itself vote: an approval is a person's.
    await expect(change.vote({ ctx: fleet.ctx(robot), input: ballot })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("are not carried over an edit, not even when the text comes back", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    await vote(now.ben, made);
    const dev = await addPerson(fleet, now.org, { name: `dev${count}`, role: "developer" });
    const content = { policyId: now.org.policyId, yaml: POLICY.replace("GET", "PUT") };
    await change.edit({ ctx: await ctxOf(dev), input: { ...made, content } });
    const edited = await seen(made.changeId);
    expect(edited.votes).toMatchObject([{ current: false }]);
    await expect(vote(now.cleo, made)).rejects.toMatchObject({ code: "conflict" });
    expect(await vote(now.cleo, { changeId: made.changeId, digest: edited.digest })).toMatchObject({ state: "open" });
    expect(await version()).toBe(1);
  });

  test("do not come back with the text they were for: edited away and back is another change", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    await vote(now.ben, made);
    const before = (await seen(made.changeId)).votes;
    expect(before).toMatchObject([{ current: true }]);
    const dev = await addPerson(fleet, now.org, { name: `dev${count}`, role: "developer" });
    let { digest } = made;
    for (const yaml of [POLICY.replace("GET", "PUT"), wider]) {
      const content = { policyId: now.org.policyId, yaml };
      await change.edit({ ctx: await ctxOf(dev), input: { changeId: made.changeId, digest, content } });
      digest = (await seen(made.changeId)).digest;
    }
    expect((await seen(made.changeId)).votes).toMatchObject([{ current: false }]);
    expect(await vote(now.cleo, { changeId: made.changeId, digest })).toMatchObject({ state: "open" });
    expect(await version()).toBe(1);
  });

  test("are given by a person who is signed in, and by no token of theirs", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    const bens = await token.create({ ctx: await ctxOf(now.ben), input: { name: "ben's", role: "approver" } });
    const key = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: bens.token } });
    const ctx = fleet.ctx(key);
    expect((await change.get({ ctx, input: { changeId: made.changeId } })).refusals.approve).toContain("signed in");
    await expect(change.vote({ ctx, input: { ...made, verdict: "approve" } })).rejects.toMatchObject({
      code: "forbidden",
      message: expect.stringContaining("signed in"),
    });
    expect(await vote(now.ben, made)).toMatchObject({ state: "applied" });
  });

  test("of whoever made a service account's key are refused, however often the key has rotated itself", async () => {
    await enforce(forPolicies(one));
    const ownerCtx = fleet.ctx(now.org.as("owner"));
    const robot = await serviceAccount.create({ ctx: ownerCtx, input: { name: `robot${count}` } });
    await grant.give({ ctx: ownerCtx, input: { serviceAccountId: robot.id, role: "developer" } });
    let key = await token.create({
      ctx: ownerCtx,
      input: { name: "robot", role: "developer", serviceAccountId: robot.id },
    });
    const actorOf = async () => await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: key.token } });
    for (let hand = 0; hand < 20; hand++)
      key = await token.rotate({ ctx: fleet.ctx(await actorOf()), input: { tokenId: key.view.id } });
    const input = { policyId: now.org.policyId, yaml: wider, baseVersion: 1 };
    const { changeId } = await policy.saveVersion({ ctx: fleet.ctx(await actorOf()), input });
    const { digest } = await seen(changeId);
    await expect(change.vote({ ctx: ownerCtx, input: { changeId, digest, verdict: "approve" } })).rejects.toMatchObject(
      { code: "forbidden", message: expect.stringContaining("You proposed") },
    );
  });

  test("of whoever edited it are refused", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    const sec = await addPerson(fleet, now.org, { name: `sec${count}`, role: "security_admin" });
    const content = { policyId: now.org.policyId, yaml: POLICY.replace("GET", "PUT") };
    await change.edit({ ctx: await ctxOf(sec), input: { ...made, content } });
    const { digest } = await seen(made.changeId);
    await expect(vote(sec, { changeId: made.changeId, digest })).rejects.toMatchObject({ code: "forbidden" });
  });

  test("do not count any more once their giver is demoted, also where the quorum was full but for time", async () => {
    await enforce(forPolicies(two));
    const applyAt = new Date(fleet.clock.now.getTime() + 3_600_000).toISOString();
    const made = await propose(now.ada, wider, { applyAt });
    await vote(now.ben, made);
    expect(await vote(now.cleo, made)).toMatchObject({ state: "approved" });
    await now.ben.demote();
    const before = fleet.clock.now;
    fleet.clock.now = new Date(before.getTime() + 7_200_000);
    await change.sweep({ ctx: fleet.ctx(system), input: {} });
    expect(await seen(made.changeId)).toMatchObject({ state: "open" });
    expect(await version()).toBe(1);
    fleet.clock.now = before;
  });

  test("by rights over staging approve nothing that touches production", async () => {
    await enforce(forPolicies(one));
    const dora = await addPerson(fleet, now.org, {
      name: `dora${count}`,
      role: "approver",
      scope: { env: ["staging"] },
    });
    const made = await propose();
    await expect(vote(dora, made)).rejects.toMatchObject({ code: "not_found" });
    const nothing = { changeId: randomUUID(), digest: made.digest };
    await expect(vote(dora, nothing)).rejects.toMatchObject({ code: "not_found" });
  });

  test("against it end it", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    await vote(now.ben, made);
    expect(await vote(now.cleo, made, "reject")).toMatchObject({ state: "rejected" });
    await expect(vote(now.ben, made)).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("what a change stands on", () => {
  test("moved, supersedes it: two of one base cannot both be applied", async () => {
    await enforce(forPolicies(one));
    const first = await propose();
    const second = await propose(now.ada, POLICY.replace("GET", "PUT"));
    expect(await vote(now.ben, first)).toMatchObject({ state: "applied" });
    expect(await seen(second.changeId)).toMatchObject({ state: "superseded" });
    await expect(vote(now.ben, second)).rejects.toMatchObject({ code: "conflict" });
    expect(await version()).toBe(2);
  });

  test("exchanged beneath the votes in the database is not what was approved", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    await vote(now.ben, made);
    const evil = { policyId: now.org.policyId, yaml: POLICY.replace("GET", "DELETE") };
    await withOrg(fleet.db, now.org.orgId, (tx) =>
      tx.update(tables.changes).set({ content: evil }).where(eq(tables.changes.id, made.changeId)),
    );
    expect(await vote(now.cleo, made)).toMatchObject({ state: "superseded" });
    expect(await version()).toBe(1);
  });
});

describe("an approval policy", () => {
  test("guards itself: turning it off needs what it asks", async () => {
    const policyId = await enforce(forPolicies(one));
    const off = { policyId, name: "off", mode: "evaluate" as const, spec: spec(forPolicies(one)) };
    expect(await approvalPolicy.save({ ctx: await ctxOf(now.ada), input: off })).toMatchObject({ outcome: "proposed" });
    const gone = await approvalPolicy.remove({ ctx: await ctxOf(now.ada), input: { policyId } });
    expect(gone.outcome).toBe("proposed");
    const { digest } = await seen(gone.changeId);
    expect(await vote(now.ben, { changeId: gone.changeId, digest })).toMatchObject({ state: "applied" });
    const { items } = await approvalPolicy.list({ ctx: await ctxOf(now.ada), input: {} });
    expect(items.some(({ id }) => id === policyId)).toBe(false);
  });

  test("that only looks on holds nothing up, and says what it would have held up", async () => {
    await enforce(forPolicies(one), "evaluate");
    const input = { policyId: now.org.policyId, yaml: wider, baseVersion: 1 };
    const saved = applied(await policy.saveVersion({ ctx: await ctxOf(now.ada), input }));
    expect((await seen(saved.changeId)).wouldBlock).toHaveLength(1);
  });

  test("made while a change waits, counts for it at the moment of applying", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    const veto = { ...forPolicies({ steps: [{ atLeast: 1, of: [{ role: "owner" }] }] }) };
    await enforce(veto);
    expect(await vote(now.ben, made)).toMatchObject({ state: "open" });
    expect((await seen(made.changeId)).rules).toHaveLength(2);
  });

  test("with a freeze holds an approved change until it ends", async () => {
    const until = new Date(fleet.clock.now.getTime() + 3_600_000).toISOString();
    const freezes = [{ from: "2026-01-01T00:00:00Z", until, reason: "release" }];
    await enforce({ ...forPolicies(one), freezes });
    const made = await propose();
    expect(await vote(now.ben, made)).toMatchObject({ state: "approved" });
    expect(await change.apply({ ctx: await ctxOf(now.ada), input: { changeId: made.changeId } })).toMatchObject({
      state: "approved",
    });
    const before = fleet.clock.now;
    fleet.clock.now = new Date(Date.parse(until));
    await change.sweep({ ctx: fleet.ctx(system), input: {} });
    expect(await seen(made.changeId)).toMatchObject({ state: "applied" });
    fleet.clock.now = before;
  });
});

test("a change that nobody decides expires", async () => {
  await enforce({ ...forPolicies(one), timeToLiveHours: 1 });
  const made = await propose();
  const before = fleet.clock.now;
  fleet.clock.now = new Date(before.getTime() + 3_600_000);
  await expect(vote(now.ben, made)).resolves.toMatchObject({ state: "expired" });
  expect(await version()).toBe(1);
  fleet.clock.now = before;
});

describe("breaking the glass", () => {
  const reason = "production is down and nobody answers";
  test("applies it, names who was passed over, and leaves a review that somebody else closes", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    const done = await change.breakGlass({ ctx: await ctxOf(now.ada), input: { ...made, reason } });
    expect(done).toMatchObject({ state: "applied" });
    const after = await seen(made.changeId);
    expect(after.review).toMatchObject({ reason, skippedCount: expect.any(Number), closedAt: null });
    const close = { changeId: made.changeId, verdict: "justified" as const, note: "it was down indeed" };
    await expect(change.closeReview({ ctx: await ctxOf(now.ada), input: close })).rejects.toMatchObject({
      code: "forbidden",
    });
    await change.closeReview({ ctx: await ctxOf(now.ben), input: close });
    expect((await seen(made.changeId)).review?.closedBy).toBe(now.ben.email);
    await expect(change.closeReview({ ctx: await ctxOf(now.cleo), input: close })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await actions()).toEqual(expect.arrayContaining(["change.breakGlass", "change.closeReview"]));
  });

  test("needs its own right and a reason, and never applies what moved", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    await expect(change.breakGlass({ ctx: await ctxOf(now.ben), input: { ...made, reason } })).rejects.toMatchObject({
      code: "forbidden",
    });
    await expect(
      change.breakGlass({ ctx: await ctxOf(now.ada), input: { ...made, reason: "because" } }),
    ).rejects.toMatchObject({ code: "invalid_input" });
    await expect(
      change.breakGlass({ ctx: await ctxOf(now.ada), input: { ...made, digest: `sha256:${"0".repeat(64)}`, reason } }),
    ).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("at the same moment", () => {
  test("two votes that complete the quorum apply it once", async () => {
    await enforce(forPolicies(two));
    const made = await propose();
    const results = await Promise.all([vote(now.ben, made), vote(now.cleo, made)]);
    expect(results.map(({ state }) => state).sort()).toEqual(["applied", "open"]);
    expect(await version()).toBe(2);
  });

  test("two approvers of two changes on one base apply one of them", async () => {
    await enforce(forPolicies(one));
    const [first, second] = [await propose(), await propose(now.ada, POLICY.replace("GET", "PUT"))];
    const results = await Promise.allSettled([vote(now.ben, first), vote(now.cleo, second)]);
    const states = [await seen(first.changeId), await seen(second.changeId)].map(({ state }) => state).sort();
    expect(states).toEqual(["applied", "superseded"]);
    expect(results.some(({ status }) => status === "fulfilled")).toBe(true);
    expect(await version()).toBe(2);
  });

  test("an approver who is demoted while the vote is counted either counted before, or does not count", async () => {
    await enforce(forPolicies(two));
    for (let round = 0; round < 3; round++) {
      const eve = await addPerson(fleet, now.org, { name: `eve${round}`, role: "approver" });
      const made = await propose(now.ada, POLICY.replace("GET", round % 2 === 0 ? "POST" : "PUT"));
      await vote(eve, made);
      let demotedFirst = false;
      const [done] = await Promise.all([
        vote(now.ben, made),
        eve.demote().then(async () => {
          // What the database said at the moment the demotion was done.
          demotedFirst = (await seen(made.changeId)).state !== "applied";
        }),
      ]);
      if (demotedFirst) expect((await seen(made.changeId)).state).not.toBe("applied");
      if (done.state !== "applied")
        await change.withdraw({ ctx: await ctxOf(now.ada), input: { changeId: made.changeId } });
    }
  });

  test("a demotion reaches a vote that has begun and waits", async () => {
    await enforce(forPolicies(one));
    const made = await propose();
    const ctx = await ctxOf(now.ben);
    // Holds the change's row, so that the vote waits after it has begun; then the demotion runs into it.
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let locked = (): void => {};
    const isLocked = new Promise<void>((resolve) => {
      locked = resolve;
    });
    const holding = withOrg(fleet.db, now.org.orgId, async (tx) => {
      await tx.execute(sql`select 1 from changes where id = ${made.changeId} for update`);
      locked();
      await held;
    });
    await isLocked;
    const input = { ...made, verdict: "approve" as const };
    const voting = change.vote({ ctx, input }).catch((error: { code: string }) => error.code);
    await now.ben.demote();
    release();
    await holding;
    expect(await voting).toMatch(/^(not_found|forbidden)$/);
    expect((await seen(made.changeId)).votes).toEqual([]);
    expect(await version()).toBe(1);
  });
});
