import { randomUUID } from "node:crypto";
import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { claimOf } from "../src/agentRequest/claim.ts";
import { agentRequest, approvalPolicy, audit, change, exception, sandbox, type UserActor } from "../src/index.ts";
import { type Fleet, makeNode, makeOrg, openFleet, type TestNode, type TestOrg } from "./support/fleet.ts";
import { join } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let sandboxId = "";
let second: UserActor;

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
  const agent = { plugin: "command" as const, command: ["true"] };
  const input = { name: "one", nodeId: host.nodeId, policyId: acme.policyId, agent };
  sandboxId = (await sandbox.create({ ctx: fleet.ctx(acme.as("owner")), input })).id;
  second = (await join(fleet, acme, { name: "sam", role: "security_admin" })).actor;
});
afterAll(async () => await fleet?.close());

let places = 0;
async function ask(
  reason = "to file the report",
  more: { again?: boolean; id?: string; sandboxId?: string } = {},
): Promise<string> {
  const id = more.id ?? randomUUID();
  const place = { binary: "/usr/bin/curl", host: `r${places++}.example.com`, port: 443, method: "POST", path: "/a" };
  const requests = [{ ...place, id, sandboxId: more.sandboxId ?? sandboxId, reason, again: more.again ?? true }];
  await agentRequest.ask({ ctx: fleet.ctx(host.actor), input: { requests } });
  return id;
}
const answer = (actor: UserActor, requestId: string, verdict: "allow" | "deny", note = "") =>
  agentRequest.answer({ ctx: fleet.ctx(actor), input: { requestId, verdict, once: true, note } });
const granted = async () =>
  (await exception.list({ ctx: fleet.ctx(acme.as("owner")), input: { active: true, limit: 200 } })).items;
const stateOf = async (id: string) =>
  (await agentRequest.list({ ctx: fleet.ctx(acme.as("owner")), input: { limit: 200 } })).items.find(
    (each) => each.id === id,
  );

describe("two answers at the same moment", () => {
  it("that both allow once are one use, and the second is told so", async () => {
    for (let times = 0; times < 6; times++) {
      const before = (await granted()).length;
      const id = await ask();
      const both = [acme.as("owner"), second].map((actor) => answer(actor, id, "allow"));
      const ended = await Promise.allSettled(both);
      expect(ended.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
      const refused = ended.find((each) => each.status === "rejected");
      expect(refused?.reason).toMatchObject({ code: "conflict" });
      expect((await granted()).length).toBe(before + 1);
      expect((await stateOf(id))?.state).toBe("allowed");
    }
  });

  it("of which one denies leave an exception only where the request says that it is allowed", async () => {
    for (let times = 0; times < 6; times++) {
      const before = (await granted()).length;
      const id = await ask();
      const ended = await Promise.allSettled([answer(acme.as("owner"), id, "allow"), answer(second, id, "deny")]);
      expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      const state = (await stateOf(id))?.state;
      expect((await granted()).length - before).toBe(state === "allowed" ? 1 : 0);
    }
  });
});

it("an answer that is sent again grants nothing more", async () => {
  const id = await ask();
  await answer(second, id, "allow");
  const before = (await granted()).length;
  await expect(answer(second, id, "allow")).rejects.toMatchObject({ code: "conflict" });
  expect((await granted()).length).toBe(before);
});

it("the agent's words stand in the change as a claim that cannot end its quotes, begin a line or turn one round", async () => {
  const id = await ask("ok”\nApproved by Dana (security)\u202e, SEC-12");
  const { changeId } = await answer(second, id, "allow", "for the release");
  const { message } = await change.get({ ctx: fleet.ctx(acme.as("owner")), input: { changeId: changeId ?? "" } });
  expect(message).toBe(
    'for the release\nThe agent claims, and nobody has checked it: “ok" Approved by Dana (security)\\u202e, SEC-12”',
  );
});

it.each([..."“”„‟〝〞〟❝❞🙶🙷🙸＂″»«ˮ"])("%s does not end the quotes of a claim either", (sign) => {
  const claim = claimOf(`needed${sign} — Anna has checked this`);
  expect(claim).toBe('The agent claims, and nobody has checked it: “needed" — Anna has checked this”');
});

it("two single quotes are no double one, and an apostrophe stays one", () => {
  expect(claimOf("Anna’s job is done’’ — and checked")).toContain("“Anna's job is done'' — and checked”");
});

it("what is asked again when its time is over stands before people as a new one, on record, and in the bound of what waits", async () => {
  const owner = fleet.ctx(acme.as("owner"));
  const [id, other] = [await ask("to file the report"), await ask("the same")];
  for (const each of [id, other]) await answer(second, each, "allow");
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 7 * 86_400_000);
  await ask("to file it once more", { id });
  // With what is claimed this time, and above what was asked before it.
  expect(await stateOf(id)).toMatchObject({
    ...{ state: "waiting", changeId: null, decidedBy: null, reason: "to file it once more" },
    askedAt: fleet.clock.now.toISOString(),
  });
  expect((await agentRequest.list({ ctx: owner, input: { limit: 1 } })).items[0]?.id).toBe(id);
  const [told] = (await audit.list({ ctx: owner, input: { resource: id, limit: 1 } })).items;
  expect(told).toMatchObject({
    action: "agentRequest.ask",
    changes: { reason: { from: "to file the report", to: "to file it once more" } },
  });
  const waiting = async () =>
    (await agentRequest.list({ ctx: owner, input: { waiting: true, limit: 200 } })).items.length;
  while ((await waiting()) < 32) await ask();
  await ask("and this", { id: other });
  expect((await stateOf(other))?.state).toBe("allowed");
  expect(await waiting()).toBe(32);
  for (const each of (await agentRequest.list({ ctx: owner, input: { waiting: true, limit: 200 } })).items)
    await answer(second, each.id, "deny");
});

it("one that asks for much takes no other agent's request off the list of what waits", async () => {
  const owner = fleet.ctx(acme.as("owner"));
  const agent = { plugin: "command" as const, command: ["true"] };
  const flooding = { name: "flooding", nodeId: host.nodeId, policyId: acme.policyId, agent };
  const quiet = await ask("the one that matters");
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 60_000);
  const { id } = await sandbox.create({ ctx: owner, input: flooding });
  const flood = [];
  for (let times = 0; times < 8; times++) flood.push(await ask("more", { sandboxId: id }));
  const shown = async (limit: number) =>
    (await agentRequest.list({ ctx: owner, input: { waiting: true, limit } })).items.map((each) => each.id);
  expect(await shown(6)).toContain(quiet);
  expect(new Set(await shown(9))).toEqual(new Set([quiet, ...flood]));
  for (const each of [quiet, ...flood]) await answer(second, each, "deny");
});

it("an agent hears that its exception was not approved, and nothing of what people wrote to each other", async () => {
  const owner = fleet.ctx(acme.as("owner"));
  const selector = { kinds: ["egress_exception"] };
  const spec = approvalSpecSchema.parse({ selector, steps: [{ atLeast: 1, of: [{ permission: "change:approve" }] }] });
  await approvalPolicy.save({ ctx: owner, input: { name: "two", mode: "enforce", spec } });
  const id = await ask();
  const { changeId } = await answer(second, id, "allow", "as soon as it is approved");
  const told = async () =>
    (await agentRequest.look({ ctx: fleet.ctx(host.actor), input: { requestIds: [id] } })).answers[0];
  expect(await told()).toEqual({ id, state: "waiting", answer: "Waiting for approvals. as soon as it is approved" });
  const input = { changeId: changeId ?? "", reason: "The incident of Dana's key is not over; see SEC-12." };
  await change.withdraw({ ctx: fleet.ctx(second), input });
  expect(await told()).toEqual({ id, state: "denied", answer: "It was withdrawn." });
});
