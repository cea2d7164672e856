import { randomUUID } from "node:crypto";
import { type Actor, decision, node, plan, sandbox } from "@creel/core";
import { closeCodes, type JournalEntry, WS_FRAME_BYTES_MAX } from "@creel/protocol";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type Client,
  capabilities,
  hello,
  makeNodeKeys,
  type NodeKeys,
  selfSigned,
  type TestHub,
  testHub,
} from "./harness.ts";

let hub: TestHub;
let ours: { orgId: string; actor: Actor; policyId: string };
let theirs: typeof ours;
type Enrolled = NodeKeys & { certPem: string; nodeId: string };
let first: Enrolled;

beforeAll(async () => {
  // The hub's rounds (certificates looked at again, heartbeats missed) stand still: what a node hears here, an event told it.
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  hub = await testHub();
  ours = await hub.makeOrg("acme");
  theirs = await hub.makeOrg("umbrella");
  first = await hub.enrolled(ours.actor, "first");
});
afterAll(async () => {
  await hub.close();
  vi.useRealTimers();
});

async function greeted(identity: Enrolled, generation = 0): Promise<Client> {
  const client = hub.connect(identity);
  client.send(hello({ generation }));
  await client.next("welcome");
  return client;
}
const newSandbox = (owner: typeof ours, nodeId: string, name: string) =>
  sandbox.create({
    ctx: hub.ctx(owner.actor),
    input: { name, nodeId, policyId: owner.policyId, agent: { plugin: "command", command: ["sleep", "60"] } },
  });
const entry = (sandboxId: string, boot: string, seq: number): JournalEntry => ({
  type: "decision",
  boot,
  record: {
    time: new Date().toISOString(),
    org: "umbrella",
    node: "somebody-else",
    sandbox: sandboxId,
    seq,
    kind: "connect",
    binary: null,
    host: "example.com",
    port: 443,
    protocol: "tcp",
    method: null,
    path: null,
    decision: "deny",
    rule: null,
    reason: "no rule names this host",
    policyDigest: `sha256:${"0".repeat(64)}`,
    generation: 1,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
  },
});

describe("the door for nodes", () => {
  it("stays shut without a certificate", async () => {
    expect(await hub.connect({}).closed).toBe(-401);
  });
  it("stays shut for a certificate that no org's authority signed", async () => {
    expect(await hub.connect(await selfSigned()).closed).toBe(-401);
  });
  it("lets a node of another org act only in that org", async () => {
    const stranger = await hub.enrolled(theirs.actor, "first");
    const client = hub.connect(stranger);
    client.send(hello());
    expect((await client.next("welcome")).orgSlug).toBe("umbrella");
  });
  it("closes on a node that says nothing, or something else than hello first", async () => {
    const rude = hub.connect(first);
    rude.send({ type: "heartbeat", at: new Date().toISOString(), statuses: [] });
    expect(await rude.closed).toBe(closeCodes.helloMissing);
    expect(await hub.connect(first).closed).toBe(closeCodes.helloMissing);
  });
  it("closes on a protocol it does not speak, also when the rest of hello is from the future", async () => {
    const newer = hub.connect(first);
    newer.send({ ...hello({ protocol: 99 }), somethingNew: true });
    expect(await newer.closed).toBe(closeCodes.protocolUnknown);
  });
  it("cuts a frame past the limit", async () => {
    const client = await greeted(first);
    client.send("x".repeat(WS_FRAME_BYTES_MAX + 1));
    expect(await client.closed).toBe(1009);
  });
  it.each(["not json", '{"type":"hub"}', '{"type":"renew","csrPem":1}', "[]"])("closes on %s", async (text) => {
    const client = await greeted(first);
    client.send(text);
    expect(await client.closed).toBe(1008);
  });
  it("keeps one connection a node: the newer one", async () => {
    const older = await greeted(first);
    await greeted(first);
    expect(await older.closed).toBe(closeCodes.replaced);
  });
  it("cuts a node by the event of its being revoked, before any round, and shuts the door", async () => {
    const doomed = await hub.enrolled(ours.actor, "doomed");
    const client = await greeted(doomed);
    await node.revoke({ ctx: hub.ctx(ours.actor), input: { nodeId: doomed.nodeId } });
    expect(await client.closed).toBe(closeCodes.revoked);
    expect(await hub.connect(doomed).closed).toBe(-401);
  });
});

describe("enrolment", () => {
  it("takes a secret once, and answers alike to a used and to an invented one", async () => {
    const { uri } = await node.createEnrollSecret({ ctx: hub.ctx(ours.actor), input: {} });
    const secret = new URLSearchParams(uri.split("?")[1]).get("secret");
    const body = async (given: string | null, name: string) =>
      JSON.stringify({ protocol: 1, secret: given, csrPem: (await makeNodeKeys()).csrPem, name, capabilities });
    expect((await hub.post("/v1/enroll", await body(secret, "once"))).status).toBe(200);
    const again = await hub.post("/v1/enroll", await body(secret, "twice"));
    const invented = await hub.post("/v1/enroll", await body("x".repeat(43), "never"));
    expect(again.status).toBe(401);
    expect(again).toEqual(invented);
  });
  it("refuses what does not fit before asking the database", async () => {
    expect((await hub.post("/v1/enroll", "{}")).status).toBe(400);
    expect((await hub.post("/v1/enroll", "x".repeat(300 * 1024))).status).toBe(413);
    expect((await hub.post("/v1/enroll", "", "GET")).status).toBe(404);
    expect((await hub.post("/healthz", "", "GET")).status).toBe(200);
    expect((await hub.post("/metrics", "", "GET")).body).toContain("creel_hub_nodes_connected");
  });
});

describe("what a node may say", () => {
  it("a replayed journal batch is acknowledged again and stored once", async () => {
    const identity = await hub.enrolled(ours.actor, "journal");
    const made = await newSandbox(ours, identity.nodeId, "journal-box");
    const client = await greeted(identity);
    const boot = randomUUID();
    const entries = Array.from({ length: 50 }, (_, index) => entry(made.id, boot, index + 1));
    for (const batch of [1, 2]) {
      client.send({ type: "journal", batch, entries });
      expect((await client.next("journal_ack")).batch).toBe(batch);
    }
    const list = await decision.list({ ctx: hub.ctx(ours.actor), input: { sandboxId: made.id, limit: 500 } });
    expect(list.items).toHaveLength(50);
    expect(list.items.every((item) => item.node === "journal" && item.org === "acme")).toBe(true);
  });
  it("decisions, status and output of another node's sandbox change nothing", async () => {
    const victim = await newSandbox(ours, first.nodeId, "victim");
    const foreign = await newSandbox(theirs, (await hub.enrolled(theirs.actor, "target")).nodeId, "target-box");
    const liar = await hub.enrolled(ours.actor, "liar");
    const client = await greeted(liar);
    for (const { id } of [victim, foreign]) {
      client.send({ type: "log", sandboxId: id, incarnation: 0, offset: 0, data: "lies", dropped: 0 });
      client.send({
        type: "status",
        status: {
          id,
          phase: "running",
          reason: "lies",
          incarnation: 0,
          pid: 1,
          startedAt: null,
          exitCode: null,
          restarts: 0,
          policyDigest: null,
          generation: 1,
        },
      });
    }
    client.send({
      type: "journal",
      batch: 1,
      entries: [entry(victim.id, randomUUID(), 1), entry(foreign.id, randomUUID(), 1)],
    });
    // Messages are handled in order, so what came before the acknowledged batch was handled as well.
    await client.next("journal_ack");
    for (const [owner, box] of [
      [ours, victim],
      [theirs, foreign],
    ] as const) {
      const ctx = hub.ctx(owner.actor);
      expect((await decision.list({ ctx, input: { sandboxId: box.id } })).items).toEqual([]);
      expect((await sandbox.logs({ ctx, input: { sandboxId: box.id } })).chunks).toEqual([]);
      expect((await sandbox.get({ ctx, input: { sandboxId: box.id } })).status?.reason ?? null).not.toBe("lies");
    }
  });
  it("a zero byte in a record does not poison the batch", async () => {
    const identity = await hub.enrolled(ours.actor, "zero");
    const made = await newSandbox(ours, identity.nodeId, "zero-box");
    const client = await greeted(identity);
    const poisoned = entry(made.id, randomUUID(), 1);
    if (poisoned.type === "decision") poisoned.record.reason = "a\u0000b\ud800c";
    client.send({ type: "journal", batch: 7, entries: [poisoned] });
    expect((await client.next("journal_ack")).batch).toBe(7);
  });
  it("gets the newest plan at hello and by the event of each change, and its answer is recorded", async () => {
    const identity = await hub.enrolled(ours.actor, "planned");
    await newSandbox(ours, identity.nodeId, "one");
    const client = hub.connect(identity);
    client.send(hello());
    const { state } = await client.next("desired");
    expect(state.sandboxes.map(({ name }) => name)).toEqual(["one"]);
    client.send({ type: "plan_result", planId: state.planId, generation: state.generation, ok: true, reason: null });
    await newSandbox(ours, identity.nodeId, "two");
    const next = (await client.next("desired")).state;
    expect(next.generation).toBeGreaterThan(state.generation);
    client.send({ type: "plan_result", planId: next.planId, generation: next.generation, ok: false, reason: "no" });
    client.send({ type: "journal", batch: 1, entries: [] });
    await client.next("journal_ack");
    const plans = await plan.list({ ctx: hub.ctx(ours.actor), input: { nodeId: identity.nodeId } });
    expect(plans.items.map((item) => item.state).sort()).toEqual(["applied", "failed"]);
  });
  it("runs a command asked for by a person and carries its result back", async () => {
    const identity = await hub.enrolled(ours.actor, "exec");
    const made = await newSandbox(ours, identity.nodeId, "exec-box");
    const client = await greeted(identity);
    const asked = sandbox.exec({
      ctx: hub.ctx(ours.actor),
      input: { sandboxId: made.id, command: ["id"], timeoutMs: 10_000 },
    });
    const order = await client.next("exec");
    expect(order.request).toEqual({ sandboxId: made.id, command: ["id"], timeoutMs: 10_000 });
    const result = { exitCode: 0, stdout: "uid=1000\n", stderr: "", truncated: false, error: null };
    client.send({ type: "exec_result", commandId: order.commandId, result });
    expect(await asked).toEqual(result);
  });
  it("renews its certificate for its own key and for no other", async () => {
    const identity = await hub.enrolled(ours.actor, "renewing");
    const client = await greeted(identity);
    client.send({ type: "renew", csrPem: identity.csrPem });
    const { certificatePem } = await client.next("renewed");
    const renewed = hub.connect({ keyPem: identity.keyPem, certPem: certificatePem });
    renewed.send(hello());
    await renewed.next("welcome");
    renewed.send({ type: "renew", csrPem: (await makeNodeKeys()).csrPem });
    expect(await renewed.closed).toBe(closeCodes.revoked);
  });
});
