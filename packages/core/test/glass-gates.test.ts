/** Threat: while a rule is away by a broken glass, something comes through that it would have held, and stays when the rule is back. */
import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, expect, test } from "vitest";
import { approvalPolicy, change, grant, role, sandbox, team } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, type TestNode, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let breaker: TestPerson;
let friend: TestPerson;
/** May fill teams, and change no rules. */
let filler: TestPerson;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
  breaker = await addPerson(fleet, acme, { name: "breaker", role: "owner" });
  friend = await addPerson(fleet, acme, { name: "friend", role: "viewer" });
  filler = await addPerson(fleet, acme, { name: "filler", role: "viewer" });
  const permissions = ["team:read" as const, "team:update" as const];
  const { id } = await role.create({ ctx: owner(), input: { name: "filling", permissions } });
  await grant.give({ ctx: owner(), input: { userId: filler.userId, role: id } });
});
afterAll(async () => await fleet?.close());

const owner = () => fleet.ctx(acme.as("owner"));
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const forbidden = { code: "forbidden" };

async function enforce(name: string, selector: object, reviewer: object = { role: "approver" }): Promise<string> {
  const spec = approvalSpecSchema.parse({ selector, steps: [{ atLeast: 1, of: [reviewer] }] });
  return applied(await approvalPolicy.save({ ctx: owner(), input: { name, mode: "enforce", spec } })).policyId;
}
async function removeByGlass(policyId: string): Promise<void> {
  const ctx = await ctxOf(breaker);
  const { changeId } = await approvalPolicy.remove({ ctx, input: { policyId } });
  const { digest } = await change.get({ ctx, input: { changeId } });
  await change.breakGlass({ ctx, input: { changeId, digest, reason: "it locks everybody out", hours: 1 } });
}

test("no sandbox of production is put under a policy that nobody approved for it", async () => {
  const labels = { env: "prod" };
  const ruleId = await enforce("texts", { kinds: ["policy_version"], labels: { env: ["prod"] } });
  const agent = { plugin: "command" as const, command: ["true"] };
  const input = { name: "box", nodeId: host.nodeId, policyId: acme.policyId, agent, labels };
  const make = async () => sandbox.create({ ctx: await ctxOf(breaker), input });
  await expect(make()).rejects.toMatchObject(forbidden);
  await removeByGlass(ruleId);
  await expect(make()).rejects.toMatchObject(forbidden);
});

test("no role is given alone over what the rule's labels may be on", async () => {
  const ruleId = await enforce("roles", { kinds: ["role_grant"], labels: { env: ["prod"] } });
  const input = { userId: friend.userId, role: "operator", scope: { team: ["pay"] } };
  const outcome = async () => (await grant.give({ ctx: await ctxOf(breaker), input })).outcome;
  expect(await outcome()).toBe("proposed");
  await removeByGlass(ruleId);
  expect(await outcome()).toBe("proposed");
});

test("nobody is seated in the team that the rule asks, by whoever may fill teams and not change rules", async () => {
  const { id: teamId } = await team.create({ ctx: owner(), input: { name: "security" } });
  const ruleId = await enforce("votes", { kinds: ["secret_binding"] }, { team: teamId });
  const add = async () => team.addMember({ ctx: await ctxOf(filler), input: { teamId, userId: friend.userId } });
  await expect(add()).rejects.toMatchObject(forbidden);
  await removeByGlass(ruleId);
  await expect(add()).rejects.toMatchObject(forbidden);
});
