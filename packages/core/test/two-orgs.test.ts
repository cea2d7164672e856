import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Actor, CreelError, sandbox, token, toPublicError, verbRegistry } from "../src/index.ts";
import { type Fleet, makeNode, makeOrg, openFleet, POLICY, type TestOrg } from "./support/fleet.ts";
import { makePeople, peopleInputs } from "./support/members.ts";

/**
 * Somebody of one org calls verbs with ids of another, mixed with their own in every way. Whatever comes back must be what
 * comes back for ids that never were, byte for byte.
 */
const RUNS = 150;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

let fleet: Fleet;
let ours: TestOrg;
/** For each verb an input of the other org, and for each id in it the one of the same kind that is ours. */
let inputs: Map<string, unknown>;
let oursFor: Map<string, string>;

async function idsOf(org: TestOrg) {
  const owner = fleet.ctx(org.as("owner"));
  const { nodeId } = await makeNode(fleet, org, "host-1");
  const agent = { plugin: "command" as const, command: ["true"] };
  const input = { name: "box", nodeId, policyId: org.policyId, agent };
  const { id: sandboxId } = await sandbox.create({ ctx: owner, input });
  const { view } = await token.create({ ctx: owner, input: { name: "key", role: "viewer" } });
  return {
    orgId: org.orgId,
    nodeId,
    sandboxId,
    policyId: org.policyId,
    tokenId: view.id,
    ...(await makePeople(fleet, org)),
  };
}

beforeAll(async () => {
  fleet = await openFleet();
  ours = await makeOrg(fleet, "ours");
  const theirs = await makeOrg(fleet, "theirs");
  const mine = await idsOf(ours);
  const foreign = await idsOf(theirs);
  const known = new Map(Object.entries(mine));
  oursFor = new Map(Object.entries(foreign).map(([name, id]) => [id, known.get(name) ?? ""]));
  const { nodeId, sandboxId, policyId, tokenId } = foreign;
  const agent = { plugin: "command", command: ["true"] };
  inputs = new Map(
    Object.entries({
      ...peopleInputs(theirs, foreign),
      "token.revoke": { tokenId },
      "token.rotate": { tokenId },
      "node.get": { nodeId },
      "node.revoke": { nodeId },
      "node.setLabels": { nodeId, labels: { env: "prod" } },
      "policy.get": { policyId },
      "policy.listVersions": { policyId },
      "policy.setLabels": { policyId, labels: { env: "prod" } },
      "policy.replay": { policyId, yaml: POLICY },
      "sandbox.get": { sandboxId },
      "sandbox.logs": { sandboxId },
      "sandbox.list": { nodeId },
      "sandbox.stop": { sandboxId },
      "sandbox.setLabels": { sandboxId, labels: { env: "prod" } },
      "sandbox.create": { name: "another", nodeId, policyId, agent },
      "sandbox.killAll": { nodeId, reason: "fuzz" },
      "decision.list": { sandboxId, nodeId },
      "decision.reach": { sandboxId },
      "plan.list": { nodeId },
    }).filter(([, input]) => JSON.stringify(input).match(UUID)),
  );
});
afterAll(async () => await fleet?.close());

async function answer(name: string, actor: Actor, input: unknown): Promise<string> {
  const verb = verbRegistry.get(name);
  if (verb === undefined) throw new Error(`no verb ${name}`);
  try {
    return JSON.stringify(await verb({ ctx: fleet.ctx(actor), input }));
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    return JSON.stringify(toPublicError(error));
  }
}

test("ids of another org, alone and among one's own, answer as ids that never were", async () => {
  const calls = fc.record({
    name: fc.constantFrom(...inputs.keys()),
    // Which of the ids in the input are the other org's; the rest are our own.
    foreign: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
    role: fc.constantFrom("owner", "security_admin", "operator", "developer", "viewer"),
  });
  await fc.assert(
    fc.asyncProperty(calls, async ({ name, foreign, role }) => {
      const text = JSON.stringify(inputs.get(name));
      const count = text.match(UUID)?.length ?? 0;
      // At least one is foreign: what is wholly ours may do what it likes.
      const isForeign = foreign.slice(0, count).some(Boolean) ? foreign : foreign.map(() => true);
      let at = 0;
      const asked = text.replace(UUID, (id) => (isForeign[at++] ? id : (oursFor.get(id) ?? id)));
      const never = asked.replace(UUID, (id) => (oursFor.has(id) ? randomUUID() : id));
      const actor = ours.as(role);
      expect(await answer(name, actor, JSON.parse(asked))).toBe(await answer(name, actor, JSON.parse(never)));
    }),
    { numRuns: RUNS },
  );
});
