import { afterAll, beforeAll, expect, test } from "vitest";
import { node, plan, sandbox } from "../src/index.ts";
import { type Fleet, makeNode, makeOrg, openFleet, type TestNode, type TestOrg } from "./support/fleet.ts";

/** Enough rounds that transactions which lock the same rows in another order meet in a circle, as they once did. */
const ROUNDS = 40;

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
});
afterAll(async () => await fleet?.close());

const create = (name: string) =>
  sandbox.create({
    ctx: fleet.ctx(acme.as("owner")),
    input: {
      name,
      nodeId: host.nodeId,
      policyId: acme.policyId,
      agent: { plugin: "command", command: ["sleep", "1"] },
    },
  });

test("changes by people and reports of the node wait for each other, never in a circle", async () => {
  const { id } = await create("busy");
  const asNode = fleet.ctx(host.actor);
  const asOwner = fleet.ctx(acme.as("owner"));
  const rounds = Array.from({ length: ROUNDS }, (_, round) => round);
  const beat = async (round: number) => {
    const status = {
      id,
      phase: "running" as const,
      reason: `beat ${round}`,
      incarnation: round,
      pid: 1,
      startedAt: null,
      exitCode: null,
      restarts: 0,
      policyDigest: null,
      generation: 0,
    };
    await node.heartbeat({ ctx: asNode, input: { statuses: [status] } });
  };
  const report = async () => {
    const desired = await plan.desiredFor({ ctx: asNode, input: { nodeId: host.nodeId } });
    if (!desired) return;
    const { planId, generation } = desired;
    await plan.recordResult({ ctx: asNode, input: { planId, generation, ok: true, reason: null } });
  };
  const outcomes = await Promise.allSettled(
    rounds.flatMap((round) => [
      sandbox.restart({ ctx: asOwner, input: { sandboxId: id } }),
      beat(round),
      report(),
      create(`extra-${round}`),
    ]),
  );
  expect(outcomes.filter((outcome) => outcome.status === "rejected")).toEqual([]);
  const plans = await plan.list({ ctx: asOwner, input: { nodeId: host.nodeId, limit: 200 } });
  const generations = plans.items.map((item) => item.generation).sort((a, b) => a - b);
  expect(generations).toEqual(Array.from({ length: generations.length }, (_, n) => n + 1));
});
