import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { audit, auth, command, decision, makeApiToken, node, org, plan, policy, sandbox, token } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import {
  capabilities,
  type Fleet,
  joinSecret,
  makeCsr,
  makeNode,
  makeOrg,
  openFleet,
  PASSWORD,
  POLICY,
  system,
  type TestNode,
  type TestOrg,
} from "./support/fleet.ts";
import { entry } from "./support/journal.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let sandboxId: string;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
  const owner = fleet.ctx(acme.as("owner"));
  const input = {
    name: "demo",
    nodeId: host.nodeId,
    policyId: acme.policyId,
    agent: { plugin: "command" as const, command: ["sleep", "1"] },
  };
  sandboxId = (await sandbox.create({ ctx: owner, input })).id;
});
afterAll(async () => await fleet?.close());

test("founding an org twice with the same secrets is founding it once", async () => {
  const apiToken = makeApiToken();
  const input = { slug: "again", name: "Again", ownerEmail: "a@again.example", ownerPassword: PASSWORD, apiToken };
  const one = await org.bootstrap({ ctx: fleet.ctx(system), input });
  const two = await org.bootstrap({ ctx: fleet.ctx(system), input });
  expect([one.created, two.created, two.orgId]).toEqual([true, false, one.orgId]);
  const actor = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: apiToken } });
  expect(actor).toMatchObject({ kind: "apiKey", orgId: one.orgId, grants: [{ role: "owner" }] });
});

test("a session ends everywhere at once, and a revoked token at once", async () => {
  const input = { email: acme.email, password: PASSWORD };
  const signed = await auth.signIn({ ctx: fleet.ctx(null), input });
  const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signed.token } });
  expect(actor).toMatchObject({ kind: "user", orgId: acme.orgId, grants: [{ role: "owner" }] });
  expect((await auth.listSessions({ ctx: fleet.ctx(actor), input: {} })).items[0]?.current).toBe(true);
  await auth.signOutEverywhere({ ctx: fleet.ctx(actor), input: {} });
  expect(await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signed.token } })).toBeNull();
  await expect(auth.signIn({ ctx: fleet.ctx(null), input: { ...input, password: "wrong" } })).rejects.toMatchObject({
    code: "unauthenticated",
  });
  const made = await token.create({ ctx: fleet.ctx(acme.as("owner")), input: { name: "ci", role: "viewer" } });
  await token.revoke({ ctx: fleet.ctx(acme.as("owner")), input: { tokenId: made.view.id } });
  expect(await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } })).toBeNull();
});

test("a saved policy version becomes a plan, is claimed once, sent and applied", async () => {
  const ctx = fleet.ctx(acme.as("security_admin"));
  const yaml = POLICY.replace("GET", "POST");
  const saved = applied(await policy.saveVersion({ ctx, input: { policyId: acme.policyId, yaml, baseVersion: 1 } }));
  await expect(
    policy.saveVersion({ ctx, input: { policyId: acme.policyId, yaml, baseVersion: 1 } }),
  ).rejects.toMatchObject({ code: "conflict" });
  await expect(
    policy.saveVersion({ ctx, input: { policyId: acme.policyId, yaml: "nonsense: 1", baseVersion: 2 } }),
  ).rejects.toMatchObject({ code: "policy_invalid" });
  const [planId = ""] = saved.planIds;
  const claims = await Promise.all(
    ["a", "b", "c"].map((claimant) =>
      plan.claim({ ctx: fleet.ctx(system), input: { orgId: acme.orgId, planId, claimant } }),
    ),
  );
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  const mine = fleet.ctx(host.actor);
  const desired = await plan.desiredFor({ ctx: mine, input: { nodeId: host.nodeId } });
  expect(desired).toMatchObject({
    planId,
    generation: 2,
    sandboxes: [{ name: "demo", policy: { version: 2, digest: saved.digest } }],
  });
  await plan.markSent({ ctx: mine, input: { planId } });
  expect(await plan.recordResult({ ctx: mine, input: { planId, generation: 2, ok: true, reason: null } })).toEqual({
    ok: true,
  });
  expect((await plan.list({ ctx, input: {} })).items.map((item) => item.state)).toEqual(["applied", "superseded"]);
  expect((await node.get({ ctx, input: { nodeId: host.nodeId } })).generation).toBe(2);
});

test("decisions are stored once under duplicates and concurrency, in one order, and other sandboxes' are refused", async () => {
  const boot = randomUUID();
  const entries = Array.from({ length: 50 }, (_, seq) => entry(boot, seq, sandboxId));
  const ctx = fleet.ctx(host.actor);
  const told = await Promise.all([1, 2, 3, 4].map(() => decision.ingest({ ctx, input: { entries } })));
  expect(told.reduce((sum, one) => sum + one.stored, 0)).toBe(50);
  const listed = await decision.list({ ctx: fleet.ctx(acme.as("viewer")), input: { limit: 100 } });
  expect(new Set(listed.items.map((item) => item.seq)).size).toBe(50);
  expect(listed.items[0]).toMatchObject({ org: "acme", node: "host-1", sandbox: "demo" });
  const flow = { type: "flow_end" as const, boot, flow: { seq: 50, ref: 0, bytesIn: 7, bytesOut: 9, durationMs: 1.5 } };
  const later = await decision.ingest({ ctx, input: { entries: [flow, entry(boot, 51, randomUUID())] } });
  expect(later).toMatchObject({ flows: 1, refused: 1, stored: 0 });
  const first = listed.items.find((item) => item.seq === 0);
  const got = await decision.get({ ctx: fleet.ctx(acme.as("viewer")), input: { decisionId: first?.id ?? "0" } });
  expect(got).toMatchObject({ bytesIn: 7, bytesOut: 9 });
  const feed = await decision.list({ ctx: fleet.ctx(acme.as("viewer")), input: { after: got.cursor, limit: 500 } });
  expect(feed.items.every((item, at) => at === 0 || item.cursor > (feed.items[at - 1]?.cursor ?? 0))).toBe(true);
  const reach = await decision.reach({ ctx: fleet.ctx(acme.as("viewer")), input: { sandboxId } });
  expect(reach.hosts).toMatchObject([{ host: "paste.creel.example", deny: 50, allow: 0 }]);
  const line = await decision.timeline({ ctx: fleet.ctx(acme.as("viewer")), input: { windowMinutes: 60 } });
  expect(line.buckets.reduce((sum, bucket) => sum + bucket.deny, 0)).toBe(50);
});

test("Allow… proposes an edit of the sandbox's policy for a denied request", async () => {
  const ctx = fleet.ctx(acme.as("owner"));
  const { items } = await decision.list({ ctx, input: { decision: "deny", limit: 1 } });
  const proposal = await policy.proposeAllow({ ctx, input: { decisionId: items[0]?.id ?? "0" } });
  expect(proposal.baseVersion).toBe(2);
  expect(proposal.lines.some((diff) => diff.kind === "added")).toBe(true);
  const input = { policyId: proposal.policyId, yaml: proposal.yamlAfter, baseVersion: 2 };
  const saved = applied(await policy.saveVersion({ ctx, input }));
  expect(saved.planIds).toHaveLength(1);
});

test("Allow… says what is missing where a name was only looked up", async () => {
  const looked = entry(randomUUID(), 0, sandboxId);
  if (looked.type === "decision")
    Object.assign(looked.record, { kind: "dns", binary: null, port: 0, method: "A", path: null });
  await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries: [looked] } });
  const ctx = fleet.ctx(acme.as("owner"));
  const { items } = await decision.list({ ctx, input: { kind: "dns", limit: 1 } });
  await expect(policy.proposeAllow({ ctx, input: { decisionId: items[0]?.id ?? "0" } })).rejects.toMatchObject({
    code: "conflict",
    publicMessage: expect.stringContaining("only looked up"),
  });
});

test("a command goes to the node once and its answer comes back", async () => {
  const request = { sandboxId, command: ["id"], timeoutMs: 5_000 };
  const answer = sandbox.exec({ ctx: fleet.ctx(acme.as("operator")), input: request });
  const mine = fleet.ctx(host.actor);
  let next = await command.next({ ctx: mine, input: {} });
  while (next === null) next = await command.next({ ctx: mine, input: {} });
  const result = { exitCode: 0, stdout: "uid=1000", stderr: "", truncated: false, error: null };
  expect(await command.next({ ctx: mine, input: {} })).toBeNull();
  expect(await command.complete({ ctx: mine, input: { commandId: next.commandId, result } })).toEqual({ ok: true });
  expect(await answer).toEqual(result);
});

test("a log piece sent twice is kept once, and pages go on where they ended", async () => {
  const mine = fleet.ctx(host.actor);
  const piece = { sandboxId, incarnation: 0, offset: 0, data: "hello\n", dropped: 0 };
  await sandbox.appendLog({ ctx: mine, input: piece });
  await sandbox.appendLog({ ctx: mine, input: piece });
  await sandbox.appendLog({ ctx: mine, input: { ...piece, offset: 6, data: "again\n" } });
  const page = await sandbox.logs({ ctx: fleet.ctx(acme.as("viewer")), input: { sandboxId, afterOffset: 6 } });
  expect(page).toMatchObject({ nextOffset: 12, chunks: [{ data: "again\n", endOffset: 12 }] });
});

test("twenty callers race for one join secret and exactly one gets a certificate", async () => {
  const secret = await joinSecret(fleet, acme);
  const tries = Array.from({ length: 20 }, async (_, at) =>
    node.enroll({
      ctx: fleet.ctx(system),
      input: { protocol: 1, secret, csrPem: await makeCsr(), name: `racer-${at}`, capabilities },
    }),
  );
  const told = await Promise.allSettled(tries);
  expect(told.filter((one) => one.status === "fulfilled")).toHaveLength(1);
});

test("a certificate names its node until it is revoked or expired, and renewing needs the same key", async () => {
  const other = await makeNode(fleet, acme, "host-2");
  const input = { certificatePem: other.certificatePem };
  expect(await node.authenticate({ ctx: fleet.ctx(system), input })).toEqual({ ...other.actor, name: "host-2" });
  await expect(node.renew({ ctx: fleet.ctx(other.actor), input: { csrPem: await makeCsr() } })).rejects.toMatchObject({
    code: "forbidden",
  });
  await node.renew({ ctx: fleet.ctx(other.actor), input: { csrPem: await makeCsr(other.keys) } });
  const before = fleet.clock.now;
  fleet.clock.now = new Date(before.getTime() + 25 * 3_600_000);
  expect(await node.authenticate({ ctx: fleet.ctx(system), input })).toBeNull();
  fleet.clock.now = before;
  await node.revoke({ ctx: fleet.ctx(acme.as("owner")), input: { nodeId: other.nodeId } });
  expect(await node.authenticate({ ctx: fleet.ctx(system), input })).toBeNull();
  await expect(node.heartbeat({ ctx: fleet.ctx(other.actor), input: { statuses: [] } })).rejects.toMatchObject({
    code: "unauthenticated",
  });
});

test("everything that was done stands in the audit list, and no secret does", async () => {
  const { items } = await audit.list({ ctx: fleet.ctx(acme.as("auditor")), input: { limit: 500 } });
  const done = new Set(items.map((item) => item.action));
  for (const action of [
    "org.bootstrap",
    "policy.saveVersion",
    "sandbox.create",
    "sandbox.exec",
    "node.enroll",
    "node.revoke",
    "auth.signIn",
  ])
    expect(done).toContain(action);
  expect(JSON.stringify(items)).not.toMatch(/creel_[0-9a-f]{8}_|creel[se]_|scrypt\$/);
});
