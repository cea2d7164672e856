import { setTimeout as delay } from "node:timers/promises";
import { Fleet } from "../e2e/support/fleet.ts";
import { type Decision, type Plan, runningSandbox } from "../e2e/support/views.ts";
import { joinApprover } from "./apply/approver.ts";
import { exceptionDelivery } from "./apply/exceptions.ts";
import { percentiles, type Row } from "./percentiles.ts";

const CHANGES = 200;
const LOOK_MS = 5;

/** Asks for something every few milliseconds; what is decided, and when, is what the bench reads. */
const AGENT =
  "const ask = () => fetch('https://nobody.creel.example/').then(() => 0, () => 0); for (;;) { await ask(); await new Promise((r) => setTimeout(r, 5)); }";

const policyOf = (round: number): string => `version: 1
network_policies:
  bench:
    name: bench
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/round/${round}" }
    binaries:
      - path: /opt/node/bin/node
`;

/**
 * From the vote that completes a change's approvals, over web, database, queue, hub and node agent, to the first decision that the
 * sandbox's gateway makes under it. Clocks: all parts run on this machine.
 */
export async function run(): Promise<{ title: string; unit: string; rows: Row[] }> {
  const fleet = new Fleet();
  await fleet.start();
  try {
    const approver = await joinApprover(fleet);
    const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
    const policy = await fleet.api<{ id: string }>("POST", "/policies", { name: "bench", yaml: policyOf(0) });
    await fleet.api("POST", "/sandboxes", {
      name: "bench-apply",
      nodeId: nodes[0]?.id,
      policyId: policy.id,
      agent: { plugin: "command", command: ["/opt/node/bin/node", "--input-type=module", "-e", AGENT] },
    });
    const sandbox = await runningSandbox(fleet, "bench-apply");
    await fleet.api("POST", "/approval-policies", {
      name: "bench",
      mode: "enforce",
      spec: { selector: { kinds: ["policy_version"] }, steps: [{ atLeast: 1, of: [{ role: "approver" }] }] },
    });
    const [applied, answered]: [number[], number[]] = [[], []];
    for (let round = 1; round <= CHANGES; round++) {
      const { changeId } = await fleet.api<{ changeId: string }>("POST", "/policies/bench/versions", {
        yaml: policyOf(round),
        baseVersion: round,
      });
      const { digest } = await fleet.api<{ digest: string }>("GET", `/changes/${changeId}`);
      const votedMs = Date.now();
      const { state, planIds } = await approver.approve({ id: changeId, digest });
      answered.push(Date.now() - votedMs);
      if (state !== "applied") throw new Error(`the change is ${state}`);
      const { generation } = await fleet.api<Plan>("GET", `/plans/${planIds[0]}`);
      applied.push((await firstUnder(fleet, sandbox.id, generation)) - votedMs);
    }
    const delivered = await exceptionDelivery(fleet, sandbox.id);
    return {
      title: `${CHANGES} policy changes, each approved by a second person; ${delivered.length} exceptions granted by one`,
      unit: "ms",
      rows: [
        percentiles("last vote to the first decision under the change", applied),
        percentiles("last vote to its answer", answered),
        percentiles("grant of an exception to the first decision that it allows", delivered),
      ],
    };
  } finally {
    await fleet.remove();
  }
}

/** When the sandbox was first decided about under a generation; decisions come newest first. */
async function firstUnder(fleet: Fleet, sandboxId: string, generation: number): Promise<number> {
  for (;;) {
    const { items } = await fleet.api<{ items: Decision[] }>("GET", `/decisions?sandboxId=${sandboxId}&limit=500`);
    const under = items.filter((decision) => decision.generation >= generation);
    // A page that is full of them may not hold the first.
    if (under.length === items.length && items.length > 0) throw new Error("the first decision is no longer in sight");
    const first = under.at(-1);
    if (first !== undefined) return Date.parse(first.time);
    await delay(LOOK_MS);
  }
}
