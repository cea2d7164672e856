import { makeSealingKey } from "@creel/protocol/sealing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unnamedIn } from "../src/authz/relabel.ts";
import { audit, type Grant, grant, node, plan, policy, role, rolePermissions, sandbox, secret } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, type TestNode, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
/** Labelled `env=staging`. */
let host: TestNode;
let operator: TestPerson;
let developer: TestPerson;
let secretId = "";
let count = 0;
const unique = (name: string): string => `${name}-${++count}`;
const owner = () => fleet.ctx(acme.as("owner"));
const agent = { plugin: "command" as const, command: ["true"] };
const POLICY = `version: 1
credentials:
  TOKEN:
    endpoints: [{ host: api.example.com, port: 443, path: /** }]
`;
let policyId = "";

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host");
  await node.setLabels({ ctx: owner(), input: { nodeId: host.nodeId, labels: { env: "staging" } } });
  const input = { name: "staging", yaml: POLICY, labels: { env: "staging" } };
  policyId = applied(await policy.create({ ctx: owner(), input })).id;
  operator = await addPerson(fleet, acme, { name: "operator", role: "operator", scope: { env: ["staging"] } });
  developer = await addPerson(fleet, acme, { name: "developer", role: "developer", scope: { env: ["staging"] } });
  secretId = (await secret.create({ ctx: owner(), input: { name: "TOKEN", value: "the-value-of-payments" } })).id;
  await secret.bind({ ctx: owner(), input: { secretId, scope: { team: ["payments"] } } });
});
afterAll(async () => await fleet?.close());

const box = async (labels: Record<string, string> = {}, nodeId = host.nodeId) =>
  (await sandbox.create({ ctx: owner(), input: { name: unique("box"), nodeId, policyId, agent, labels } })).id;
const as = async (person: TestPerson) => fleet.ctx(await person.actor());
const forbidden = { code: "forbidden" };
const generation = async (at: TestNode) =>
  (await plan.desiredFor({ ctx: fleet.ctx(at.actor), input: { nodeId: at.nodeId } }))?.generation ?? 0;
const planned = async (at: TestNode, sandboxId: string): Promise<string[]> => {
  const desired = await plan.desiredFor({ ctx: fleet.ctx(at.actor), input: { nodeId: at.nodeId } });
  const found = desired?.sandboxes.find(({ id }) => id === sandboxId);
  return (found?.credentials ?? []).map(({ name }) => name);
};
const told = async (resource: string) => (await audit.list({ ctx: owner(), input: { resource, limit: 1 } })).items[0];

describe("a label outside of what one was granted", () => {
  test("draws no secret to a node of one's own: not by its enrolment, nor by labelling it", async () => {
    const ctx = await as(operator);
    const labels = { env: "staging", team: "payments" };
    await expect(node.createEnrollSecret({ ctx, input: { labels } })).rejects.toMatchObject(forbidden);
    await node.createEnrollSecret({ ctx, input: { labels: { env: "staging" } } });
    await expect(node.setLabels({ ctx, input: { nodeId: host.nodeId, labels } })).rejects.toMatchObject({
      ...forbidden,
      details: { labels: ["team"] },
    });
    await expect(node.setLabels({ ctx, input: { nodeId: host.nodeId, labels: {} } })).rejects.toMatchObject(forbidden);
  });

  test("draws no secret to a sandbox: not when it is made, nor when it is labelled", async () => {
    const ctx = await as(developer);
    const labels = { team: "payments" };
    const input = { name: unique("mine"), nodeId: host.nodeId, policyId, agent, labels };
    await expect(sandbox.create({ ctx, input })).rejects.toMatchObject(forbidden);
    const made = await sandbox.create({ ctx, input: { ...input, labels: {} } });
    const relabel = sandbox.setLabels({ ctx, input: { sandboxId: made.id, labels } });
    await expect(relabel).rejects.toMatchObject({ ...forbidden, details: { labels: ["team"] } });
    // What its node says of it already it may say of itself: the grant names that.
    await sandbox.setLabels({ ctx, input: { sandboxId: made.id, labels: { env: "staging" } } });
  });

  test("is not taken away either, nor given to a policy", async () => {
    const sandboxId = await box({ team: "payments" });
    const ctx = await as(developer);
    await expect(sandbox.setLabels({ ctx, input: { sandboxId, labels: {} } })).rejects.toMatchObject(forbidden);
    const sec = await addPerson(fleet, acme, { name: "sec", role: "security_admin", scope: { env: ["staging"] } });
    const labels = { env: "staging", team: "payments" };
    const named = { ctx: await as(sec), input: { policyId, labels } };
    await expect(policy.setLabels(named)).rejects.toMatchObject(forbidden);
    const made = { ctx: await as(sec), input: { name: unique("policy"), yaml: POLICY, labels } };
    await expect(policy.create(made)).rejects.toMatchObject(forbidden);
    await policy.setLabels({ ctx: owner(), input: { policyId, labels } });
    const back = { policyId, labels: { env: "staging" } };
    await expect(policy.setLabels({ ctx: await as(sec), input: back })).rejects.toMatchObject(forbidden);
    await policy.setLabels({ ctx: owner(), input: back });
  });

  test("is given by whoever was granted it by name, and only over what that grant reaches", async () => {
    const sandboxId = await box();
    const lead = await addPerson(fleet, acme, {
      name: "lead",
      role: "developer",
      scope: { env: ["staging"], team: ["payments", "web"] },
    });
    const input = { sandboxId, labels: { team: "web" } };
    // Her grant reaches it once it is so labelled, and not before: nobody pulls in what is not theirs.
    await expect(sandbox.setLabels({ ctx: await as(lead), input })).rejects.toMatchObject({ code: "not_found" });
    const { userId } = lead;
    await grant.give({ ctx: owner(), input: { userId, role: "developer", scope: { env: ["staging"] } } });
    await sandbox.setLabels({ ctx: await as(lead), input });
    await sandbox.setLabels({ ctx: await as(lead), input: { sandboxId, labels: { team: "payments" } } });
    await expect(
      sandbox.setLabels({ ctx: await as(lead), input: { sandboxId, labels: { team: "other" } } }),
    ).rejects.toMatchObject(forbidden);
    await sandbox.setLabels({ ctx: await as(lead), input: { sandboxId, labels: {} } });
  });

  test("does not hide behind a label of the node that stands before it", async () => {
    const mine = await makeNode(fleet, acme, unique("node"));
    const labels = { env: "staging", team: "web" };
    await node.setLabels({ ctx: owner(), input: { nodeId: mine.nodeId, labels } });
    const lead = await addPerson(fleet, acme, { name: "shadow", role: "developer", scope: { team: ["web"] } });
    const { userId } = lead;
    await grant.give({ ctx: owner(), input: { userId, role: "developer", scope: { env: ["staging"] } } });
    const input = { name: unique("box"), nodeId: mine.nodeId, policyId, agent, labels: { team: "payments" } };
    // It says nothing while the node says otherwise, and would draw the secret on the day that the node stops saying it.
    await expect(sandbox.create({ ctx: await as(lead), input })).rejects.toMatchObject(forbidden);
  });
});

describe("a node's labels", () => {
  test("draw no sandbox of another team to oneself", async () => {
    const shared = await makeNode(fleet, acme, unique("shared"));
    const at = { nodeId: shared.nodeId };
    await node.setLabels({ ctx: owner(), input: { ...at, labels: { env: "staging" } } });
    const theirs = await box({ team: "payments" }, shared.nodeId);
    const { id: hands } = await makeHands();
    const mallory = await addPerson(fleet, acme, { name: "mallory", role: "developer", scope: { team: ["mine"] } });
    const { userId } = mallory;
    // All of a node's rights over staging and over her own label, and nothing over what payments runs there.
    for (const scope of [{ env: ["staging"] }, { team: ["mine"] }])
      await grant.give({ ctx: owner(), input: { userId, role: hands, scope } });
    const labels = { env: "staging", team: "mine" };
    await expect(node.setLabels({ ctx: await as(mallory), input: { ...at, labels } })).rejects.toThrow("go where you");
    expect((await sandbox.get({ ctx: owner(), input: { sandboxId: theirs } })).labels).toMatchObject({
      team: "payments",
    });
    // Without one to move, the node is hers to label.
    await sandbox.remove({ ctx: owner(), input: { sandboxId: theirs } });
    await node.setLabels({ ctx: await as(mallory), input: { ...at, labels } });
  });

  const makeHands = async () => {
    const permissions = ["node:read" as const, "node:update" as const];
    return await role.create({ ctx: owner(), input: { name: unique("hands"), permissions } });
  };
});

describe("a secret bound by a label", () => {
  test("comes and goes with the label of a sandbox, by a plan of its own and named in the audit", async () => {
    const sandboxId = await box();
    const name = (await sandbox.get({ ctx: owner(), input: { sandboxId } })).name;
    const before = await generation(host);
    await sandbox.setLabels({ ctx: owner(), input: { sandboxId, labels: { app: "web" } } });
    // What draws nothing plans nothing.
    expect([await generation(host), await planned(host, sandboxId)]).toEqual([before, []]);
    await sandbox.setLabels({ ctx: owner(), input: { sandboxId, labels: { team: "payments" } } });
    expect([await generation(host), await planned(host, sandboxId)]).toEqual([before + 1, ["TOKEN"]]);
    expect((await told(sandboxId))?.changes).toMatchObject({ secretsGained: { to: [`${name}: TOKEN`] } });
    await sandbox.setLabels({ ctx: owner(), input: { sandboxId, labels: {} } });
    expect([await generation(host), await planned(host, sandboxId)]).toEqual([before + 2, []]);
    expect((await told(sandboxId))?.changes).toMatchObject({ secretsLost: { from: [`${name}: TOKEN`] } });
  });

  test("comes and goes with the label of a node, and its value is sealed for nobody who lost it", async () => {
    const fresh = await makeNode(fleet, acme, unique("node"));
    const { nodeId } = fresh;
    await node.setLabels({ ctx: owner(), input: { nodeId, labels: { env: "staging" } } });
    const sandboxId = await box({}, nodeId);
    const name = (await sandbox.get({ ctx: owner(), input: { sandboxId } })).name;
    const sealedFor = async () => {
      const desired = await plan.desiredFor({ ctx: fleet.ctx(fresh.actor), input: { nodeId } });
      const input = { planId: desired?.planId ?? "", sealTo: makeSealingKey().publicKey };
      const made = await secret.sealPlan({ ctx: fleet.ctx(fresh.actor), input });
      return made.desired.sandboxes.flatMap(({ credentials }) => credentials ?? []).map(({ sealed }) => typeof sealed);
    };
    await node.setLabels({ ctx: owner(), input: { nodeId, labels: { env: "staging", team: "payments" } } });
    expect(await sealedFor()).toEqual(["string"]);
    expect((await told(nodeId))?.action).toBe("node.setLabels");
    expect((await told(nodeId))?.changes).toMatchObject({ secretsGained: { to: [`${name}: TOKEN`] } });
    await node.setLabels({ ctx: owner(), input: { nodeId, labels: { env: "staging" } } });
    expect([await sealedFor(), await planned(fresh, sandboxId)]).toEqual([[], []]);
    expect((await told(nodeId))?.changes).toMatchObject({ secretsLost: { from: [`${name}: TOKEN`] } });
  });

  test("reaches a sandbox that is labelled in the moment in which the secret is bound", async () => {
    for (let round = 0; round < 4; round++) {
      const sandboxId = await box();
      const bound = unique("race");
      const [, made] = await Promise.all([
        sandbox.setLabels({ ctx: owner(), input: { sandboxId, labels: { race: bound } } }),
        secret.bind({ ctx: owner(), input: { secretId, scope: { race: [bound] } } }),
      ]);
      expect(await planned(host, sandboxId)).toEqual(["TOKEN"]);
      await secret.unbind({ ctx: owner(), input: { bindingId: applied(made).bindingId } });
    }
  });
});

test("a label is named by a scope that has it as its own, whatever objects are made of", () => {
  const grants: Grant[] = [
    {
      grantId: "",
      role: "developer",
      permissions: rolePermissions("developer"),
      scope: { env: ["staging"] },
      via: null,
      expiresAt: null,
    },
  ];
  const on = { action: "update", kind: "sandbox" } as const;
  for (const name of ["constructor", "valueof", "tostring"])
    expect(unnamedIn(grants, { ...on, from: { env: "staging" }, to: { env: "staging", [name]: "x" } })).toEqual([name]);
});
