import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FAILURES_MAX, PROOF_MS_MAX } from "../src/auth/limits.ts";
import { countTry } from "../src/auth/tries.ts";
import { auth, CreelError, token, type UserActor, verbRegistry } from "../src/index.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { actorOf } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
});
afterAll(async () => await fleet?.close());

/** What each verb takes, of things that are not there: proof is asked before anything is looked up. */
const digest = `sha256:${"0".repeat(64)}`;
const inputs: Record<string, unknown> = {
  "approvalPolicy.remove": { policyId: randomUUID() },
  "approvalPolicy.save": {
    name: "two",
    mode: "evaluate",
    spec: { selector: { kinds: ["role_grant"] }, steps: [{ atLeast: 1, of: [{ role: "owner" }] }] },
  },
  "auth.setPassword": { next: "a password of my own" },
  "change.breakGlass": { changeId: randomUUID(), digest, reason: "The site is down since noon, see ticket 4." },
  "change.closeReview": { changeId: randomUUID(), verdict: "justified", note: "Looked at it with both teams." },
  "change.vote": { changeId: randomUUID(), digest, verdict: "approve" },
  "delegation.give": {
    toUserId: randomUUID(),
    until: "2026-05-04T10:00:00.000Z",
    reason: "Away for a day, see ticket 5.",
  },
  "device.approve": { userCode: "BBBB-CCCC" },
  "grant.give": { teamId: randomUUID(), role: "viewer" },
  "invitation.create": { email: "new@acme.example", role: "viewer" },
  "node.createEnrollSecret": {},
  "node.setLabels": { nodeId: randomUUID(), labels: { env: "prod" } },
  "notice.createMyChannel": {
    name: "mine",
    target: { kind: "email", address: "me@acme.example" },
    topics: ["node.revoke"],
  },
  "role.create": { name: "reader", permissions: ["node:read"] },
  "role.update": { roleId: randomUUID(), permissions: ["node:read"] },
  "sandbox.create": {
    name: "box",
    nodeId: randomUUID(),
    policyId: randomUUID(),
    agent: { plugin: "command", command: ["true"] },
  },
  "sandbox.setLabels": { sandboxId: randomUUID(), labels: { env: "prod" } },
  "secret.bind": { secretId: randomUUID(), sandboxId: randomUUID() },
  "secret.create": { name: "NAME", value: "a value that nobody reads" },
  "secret.rotate": { secretId: randomUUID(), value: "a value that nobody reads" },
  "team.addMember": { teamId: randomUUID(), userId: randomUUID() },
  "token.create": { name: "t", role: "viewer" },
  "token.rotate": { tokenId: randomUUID() },
};
const guarded = [...verbRegistry.values()].filter((verb) => verb.proof).map((verb) => verb.verbName);

/** The code of what a verb answers; `done` where it refuses nothing. */
const told = async (name: string, actor: UserActor): Promise<string> => {
  const verb = verbRegistry.get(name);
  if (verb === undefined) throw new Error(`no verb ${name}`);
  try {
    await verb({ ctx: fleet.ctx(actor), input: inputs[name] });
    return "done";
  } catch (error) {
    if (error instanceof CreelError) return error.code;
    throw error;
  }
};
const provedBefore = (ms: number): Date => new Date(fleet.clock.now.getTime() - ms);

test("votes, broken glass, secrets and what draws them, and what gives rights or keys ask a person for proof", () => {
  expect(guarded.sort()).toEqual(Object.keys(inputs).sort());
});

test.each(Object.keys(inputs))(
  "an open screen cannot %s: not without a proof, nor by one that is over",
  async (name) => {
    const owner = acme.as("owner");
    expect(await told(name, { ...owner, provedAt: null })).toBe("proof_required");
    expect(await told(name, { ...owner, provedAt: provedBefore(PROOF_MS_MAX + 1) })).toBe("proof_required");
    expect(await told(name, { ...owner, provedAt: provedBefore(PROOF_MS_MAX) })).not.toBe("proof_required");
  },
);

test("whoever may not do it is told so, proof or none", async () => {
  expect(await told("change.vote", { ...acme.as("viewer"), provedAt: null })).toBe("forbidden");
});

test("a sign-in proves for ten minutes, and proving again goes on with the same act", async () => {
  const { token: signedIn } = await auth.signIn({
    ctx: fleet.ctx(null),
    input: { email: acme.email, password: PASSWORD },
  });
  const make = async () =>
    await token.create({ ctx: fleet.ctx(await actorOf(fleet, signedIn)), input: { name: "ci", role: "viewer" } });
  await make();
  fleet.clock.now = new Date(fleet.clock.now.getTime() + PROOF_MS_MAX + 1);
  await expect(make()).rejects.toMatchObject({ code: "proof_required" });
  const prove = { ctx: fleet.ctx(await actorOf(fleet, signedIn)), input: { password: PASSWORD } };
  const { until } = await auth.prove(prove);
  expect(new Date(until).getTime() - fleet.clock.now.getTime()).toBe(PROOF_MS_MAX);
  expect((await make()).view.name).toBe("ci");
});

test("a key, which proves nothing, is held by its own bounds as ever", async () => {
  const made = await token.create({ ctx: fleet.ctx(acme.as("owner")), input: { name: "deploys", role: "owner" } });
  const key = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
  const answer = await token.create({ ctx: fleet.ctx(key), input: { name: "second", role: "viewer" } });
  expect(answer.view.role).toBe("viewer");
});

test("whoever guesses at the door keeps nobody who is signed in from proving, and guesses of proofs run out by themselves", async () => {
  const { token: signedIn } = await auth.signIn({
    ctx: fleet.ctx(null),
    input: { email: acme.email, password: PASSWORD },
  });
  const actor = await actorOf(fleet, signedIn);
  const tries = async (subject: { account: string } | { proof: string }) => {
    for (let at = 0; at < FAILURES_MAX; at++) await countTry(fleet.db, subject, fleet.clock.now);
  };
  // The door and the proof count as the verbs do, without the second that each password takes.
  await tries({ account: acme.email });
  const atTheDoor = { ctx: fleet.ctx(null), input: { email: acme.email, password: PASSWORD } };
  await expect(auth.signIn(atTheDoor)).rejects.toMatchObject({ code: "rate_limited" });
  const prove = async () => await auth.prove({ ctx: fleet.ctx(actor), input: { password: PASSWORD } });
  await prove();
  const change = { ctx: fleet.ctx(actor), input: { current: PASSWORD, next: PASSWORD } };
  await auth.changePassword(change);
  // Proving opens no further tries at the door, and has its own bound.
  await expect(auth.signIn(atTheDoor)).rejects.toMatchObject({ code: "rate_limited" });
  await tries({ proof: acme.userId });
  await expect(prove()).rejects.toMatchObject({ code: "rate_limited" });
  await expect(auth.changePassword(change)).rejects.toMatchObject({ code: "rate_limited" });
});
