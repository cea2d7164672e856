/** Threat: by a broken glass one person changes what binds, or opens a gate for something that stays when the glass is over. */
import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, expect, test } from "vitest";
import { approvalPolicy, change, policy, sandbox } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import {
  type Fleet,
  makeNode,
  makeOrg,
  openFleet,
  POLICY,
  system,
  type TestNode,
  type TestOrg,
} from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let breaker: TestPerson;
let ruleId: string;
let prodId: string;
const PROD = { env: "prod" };
/** Every change of an approval policy or of a policy of production waits for an approver. */
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
  breaker = await addPerson(fleet, acme, { name: "breaker", role: "owner" });
  const made = applied(await policy.create({ ctx: owner(), input: { name: "of-prod", yaml: POLICY, labels: PROD } }));
  prodId = made.id;
  ruleId = await enforce("texts", { kinds: ["policy_version"], labels: { env: ["prod"] } });
  await enforce("rules", { kinds: ["approval_policy"] });
});
afterAll(async () => await fleet?.close());

const owner = () => fleet.ctx(acme.as("owner"));
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const spec = (selector: object) =>
  approvalSpecSchema.parse({ selector, steps: [{ atLeast: 1, of: [{ role: "approver" }] }] });
const saveRule = async (
  name: string,
  selector: object,
  more: { policyId?: string; mode?: "enforce" | "evaluate" } = {},
) =>
  await approvalPolicy.save({
    ctx: await ctxOf(breaker),
    input: { name, mode: "enforce", spec: spec(selector), ...more },
  });

async function enforce(name: string, selector: object): Promise<string> {
  const input = { name, mode: "enforce" as const, spec: spec(selector) };
  return applied(await approvalPolicy.save({ ctx: owner(), input })).policyId;
}
async function breaking(changeId: string) {
  const ctx = await ctxOf(breaker);
  const { digest } = await change.get({ ctx, input: { changeId } });
  return await change.breakGlass({ ctx, input: { changeId, digest, reason: "it locks everybody out", hours: 1 } });
}

const WRITES: [string, () => Promise<{ changeId: string }>][] = [
  ["a new rule, which could lock everybody out", async () => await saveRule("never", {})],
  ["a rule that is weakened", async () => await saveRule("texts", {}, { policyId: ruleId, mode: "evaluate" })],
  [
    "a rule that is removed",
    async () => approvalPolicy.remove({ ctx: await ctxOf(breaker), input: { policyId: ruleId } }),
  ],
  [
    "the labels by which rules select a policy",
    async () => policy.setLabels({ ctx: await ctxOf(breaker), input: { policyId: acme.policyId, labels: PROD } }),
  ],
  [
    "a policy that was not there",
    async () => policy.create({ ctx: await ctxOf(breaker), input: { name: "wide", yaml: POLICY, labels: PROD } }),
  ],
];

test.each(WRITES)("break-glass does not apply %s: the page says so, and nothing has moved", async (_what, write) => {
  const { changeId } = await write();
  const rules = async () => (await approvalPolicy.list({ ctx: owner(), input: {} })).items;
  const before = await rules();
  const { refusals } = await change.get({ ctx: await ctxOf(breaker), input: { changeId } });
  expect(refusals.breakGlass).toMatch(/reak-glass|reak it on/);
  await expect(breaking(changeId)).rejects.toMatchObject({ code: "conflict", message: refusals.breakGlass });
  expect(await rules()).toEqual(before);
  expect((await change.get({ ctx: owner(), input: { changeId } })).state).toBe("open");
});

test("nothing new comes to production under a text that break-glass applied, until it is over", async () => {
  const agent = { plugin: "command" as const, command: ["true"] };
  const made = async (name: string) =>
    await sandbox.create({
      ctx: await ctxOf(breaker),
      input: { name, nodeId: host.nodeId, policyId: prodId, agent, labels: PROD },
    });
  await made("before");
  const yaml = POLICY.replace("GET", "'*'");
  const { changeId } = await policy.saveVersion({
    ctx: await ctxOf(breaker),
    input: { policyId: prodId, yaml, baseVersion: 1 },
  });
  await breaking(changeId);
  await expect(made("during")).rejects.toMatchObject({
    code: "forbidden",
    message: expect.stringContaining("applied by break-glass"),
  });
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 3_600_000);
  await change.sweep({ ctx: fleet.ctx(system), input: {} });
  await made("after");
});
