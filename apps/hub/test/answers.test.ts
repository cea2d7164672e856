import { randomUUID } from "node:crypto";
import { approvalSpecSchema } from "@creel/approvals";
import { type Actor, agentRequest, approvalPolicy, change, sandbox } from "@creel/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, hello, type NodeKeys, type TestHub, testHub } from "./harness.ts";

let hub: TestHub;
let ours: { orgId: string; actor: Actor; policyId: string };
let sandboxId = "";
let asking: Client;
let other: Client;

beforeAll(async () => {
  hub = await testHub();
  ours = await hub.makeOrg("acme");
  const connected = async (keys: NodeKeys & { certPem: string }) => {
    const client = hub.connect(keys);
    client.send(hello());
    await client.next("welcome");
    return client;
  };
  const first = await hub.enrolled(ours.actor, "first");
  const agent = { plugin: "command" as const, command: ["true"] };
  const input = { name: "asks", nodeId: first.nodeId, policyId: ours.policyId, agent };
  sandboxId = (await sandbox.create({ ctx: hub.ctx(ours.actor), input })).id;
  [asking, other] = [await connected(first), await connected(await hub.enrolled(ours.actor, "second"))];
  await asking.next("desired");
});
afterAll(async () => await hub?.close());

const wish = { binary: "/usr/bin/curl", port: 443, method: "POST", path: "/a", reason: "x", again: true };
const answer = (requestId: string, verdict: "allow" | "deny") =>
  agentRequest.answer({ ctx: hub.ctx(ours.actor), input: { requestId, verdict, once: true, note: "as you say" } });
async function ask(host: string): Promise<string> {
  const id = randomUUID();
  asking.send({ type: "agent_requests", requests: [{ ...wish, id, sandboxId, host }] });
  expect((await asking.next("agent_answers")).answers).toEqual([{ id, state: "waiting", answer: "" }]);
  return id;
}
/** Messages of the asking node in the order in which they come from now on. */
function arrivals(): string[] {
  const types: string[] = [];
  asking.socket.on("message", (data) => types.push(JSON.parse(String(data)).type));
  return types;
}

it("tells a node that says nothing meanwhile at once what was allowed, after the plan that allows it", async () => {
  const id = await ask("allowed.example.com");
  const order = arrivals();
  await answer(id, "allow");
  expect((await asking.next("agent_answers")).answers).toEqual([{ id, state: "allowed", answer: "as you say" }]);
  const { state } = await asking.next("desired");
  expect(state.sandboxes[0]?.exceptions?.[0]).toMatchObject({ host: "allowed.example.com", once: true });
  expect(order.filter((type) => type === "desired" || type === "agent_answers")).toEqual(["desired", "agent_answers"]);
});

it("tells it at once what was denied", async () => {
  const id = await ask("denied.example.com");
  await answer(id, "deny");
  expect((await asking.next("agent_answers")).answers).toEqual([{ id, state: "denied", answer: "as you say" }]);
});

it("tells it at once that it waits for approvals now, once, and later what became of that", async () => {
  const spec = {
    selector: { kinds: ["egress_exception"] },
    steps: [{ atLeast: 1, of: [{ permission: "change:approve" }] }],
  };
  const input = { name: "two", mode: "enforce" as const, spec: approvalSpecSchema.parse(spec) };
  const saved = await approvalPolicy.save({ ctx: hub.ctx(ours.actor), input });
  if (saved.outcome !== "applied") throw new Error("the approval policy waits itself");
  const id = await ask("approved.example.com");
  const { changeId } = await answer(id, "allow");
  const waits = { id, state: "waiting", answer: "Waiting for approvals. as you say" };
  expect((await asking.next("agent_answers")).answers).toEqual([waits]);
  const reason = "not needed any more";
  await change.withdraw({ ctx: hub.ctx(ours.actor), input: { changeId: changeId ?? "", reason } });
  // The next that it hears is the end of it: what it knew was not said again.
  expect((await asking.next("agent_answers")).answers).toEqual([{ id, state: "denied", answer: "It was withdrawn." }]);
  await approvalPolicy.remove({ ctx: hub.ctx(ours.actor), input: { policyId: saved.policyId } });
});

it("says of another node's request what it says of none, and answers nobody else's wait with it", async () => {
  const id = await ask("others.example.com");
  other.send({ type: "agent_requests", requests: [{ ...wish, id, sandboxId, host: "others.example.com" }] });
  const told = (await other.next("agent_answers")).answers;
  expect(told).toEqual([{ id, state: "denied", answer: "There is no such sandbox." }]);
  await answer(id, "allow");
  await asking.next("agent_answers");
  const none = randomUUID();
  other.send({ type: "agent_requests", requests: [{ ...wish, id: none, sandboxId: none, host: "a.example.com" }] });
  // The next that the other hears is the answer to this: nothing about the first came in between.
  expect((await other.next("agent_answers")).answers.map((each) => each.id)).toEqual([none]);
});
