import { afterAll, beforeAll, expect, it } from "vitest";
import { change, grantOfRole, invitation, policy, sandbox, type UserActor } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, POLICY, type TestOrg } from "./support/fleet.ts";
import { join } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
let changeId = "";

beforeAll(async () => {
  fleet = await openFleet();
  [acme, globex] = [await makeOrg(fleet, "acme"), await makeOrg(fleet, "globex")];
  const owner = fleet.ctx(acme.as("owner"));
  const { nodeId } = await makeNode(fleet, acme, "host-1");
  const labels = { env: "staging" };
  const made = applied(await policy.create({ ctx: owner, input: { name: "shared", yaml: POLICY, labels } }));
  const agent = { plugin: "command" as const, command: ["true"] };
  const box = (name: string, env: string) =>
    sandbox.create({ ctx: owner, input: { name, labels: { env }, nodeId, policyId: made.id, agent } });
  await box("staging-box", "staging");
  const dora = (await join(fleet, acme, { name: "dora", role: "developer" })).actor;
  const yaml = POLICY.replace("/api/**", "/api/v2/**");
  const input = { policyId: made.id, yaml, baseVersion: 1 };
  const proposed = await policy.saveVersion({ ctx: fleet.ctx(dora), input });
  if (proposed.outcome !== "proposed") throw new Error("it was applied");
  changeId = proposed.changeId;
  // Taken into use by others since it was proposed.
  await box("prod-box", "prod");
});
afterAll(async () => await fleet?.close());

it("a change's impact names the sandboxes that its reader sees, and counts the others", async () => {
  const impactFor = (actor: UserActor) => change.impact({ ctx: fleet.ctx(actor), input: { changeId } });
  const all = await impactFor(acme.as("viewer"));
  expect(all.sandboxes.map(({ name }) => name).sort()).toEqual(["prod-box", "staging-box"]);
  const some = await impactFor(acme.as("viewer", { env: ["staging"] }));
  expect(some.sandboxes.map(({ name }) => name)).toEqual(["staging-box"]);
  expect(some).toMatchObject({ sandboxCount: 2, nodeCount: 1 });
});

it("a quorum names who could give it only to whoever may read members, and tells everybody how many they are", async () => {
  const quorumFor = async (actor: UserActor) =>
    (await change.get({ ctx: fleet.ctx(actor), input: { changeId } })).rules[0]?.steps[0]?.quorums[0];
  const told = await quorumFor(acme.as("viewer"));
  expect(told?.candidates.map(({ label }) => label)).toEqual([acme.email]);
  const viewer = grantOfRole("viewer");
  const permissions = new Set([...viewer.permissions].filter((each) => each !== "member:read"));
  const untold = await quorumFor({ ...acme.as("viewer"), grants: [{ ...viewer, permissions }] });
  expect(untold).toMatchObject({ candidates: [], candidateCount: 1 });
  const scoped = await quorumFor(acme.as("viewer", { env: ["staging"] }));
  expect(scoped).toMatchObject({ candidates: [], candidateCount: 1 });
});

it("an invitation's page is the same for an address with an account elsewhere and for one without", async () => {
  const ctx = fleet.ctx(acme.as("owner"));
  const shown = async (email: string) => {
    const { token } = await invitation.create({ ctx, input: { email, role: "viewer" } });
    return { ...(await invitation.preview({ ctx: fleet.ctx(null), input: { token } })), email: "" };
  };
  expect(await shown(globex.email)).toEqual(await shown("nobody-knows@example.com"));
});
