import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { eventually, Fleet } from "../e2e/support/fleet.ts";
import { runningSandbox, type Sandbox } from "../e2e/support/views.ts";
import { percentiles, type Row } from "./percentiles.ts";

/** Enough that the p99 is not one slow moment, few enough for a coffee. */
const KILLS = 50;
const LOOK_MS = 1;

/** Ignores TERM, forks, and stops itself: what a hostile agent would do against a kill. */
const HOSTILE =
  "trap '' TERM INT HUP; for i in 1 2 3 4; do setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & done; kill -STOP $$; sleep 300";

const namespaceOf = (pid: number | string): string | null => {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
};
const inside = (pid: number): number[] => {
  const own = namespaceOf(pid);
  if (own === null) return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && namespaceOf(name) === own)
    .map(Number);
};

/**
 * From the request that a click or `creel sandbox kill` sends, over web, database, hub and node agent, to the moment at which no process
 * of the sandbox has a namespace any more.
 */
export async function run(): Promise<{ title: string; unit: string; rows: Row[] }> {
  const fleet = new Fleet();
  await fleet.start();
  try {
    const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
    const { items: policies } = await fleet.api<{ items: { id: string }[] }>("GET", "/policies");
    await fleet.api<Sandbox>("POST", "/sandboxes", {
      name: "bench-kill",
      nodeId: nodes[0]?.id,
      policyId: policies[0]?.id,
      agent: { plugin: "command", command: ["/bin/sh", "-c", HOSTILE] },
      restart: { policy: "always", delayMs: 0 },
    });
    const took: number[] = [];
    const answered: number[] = [];
    for (let round = 0; round < KILLS; round++) {
      const { status } = await runningSandbox(fleet, "bench-kill");
      const pids = inside(status?.pid ?? 0);
      if (pids.length === 0) throw new Error("nothing of the sandbox was seen to run");
      const startedMs = performance.now();
      const answer = fleet.api("POST", "/sandboxes/bench-kill/kill", { reason: "bench" }).then(() => {
        answered.push(performance.now() - startedMs);
      });
      while (pids.some((pid) => namespaceOf(pid) !== null)) await delay(LOOK_MS);
      took.push(performance.now() - startedMs);
      await answer;
      await eventually("its end is known", async () => {
        const { status: now } = await fleet.api<Sandbox>("GET", "/sandboxes/bench-kill");
        return now?.phase === "stopped" ? now : null;
      });
      await fleet.api("POST", "/sandboxes/bench-kill/start");
    }
    const rows = [
      percentiles("request to the last process gone", took),
      percentiles("request to its answer", answered),
    ];
    return { title: `${KILLS} kills of a sandbox that ignores TERM, forks and is stopped`, unit: "ms", rows };
  } finally {
    await fleet.remove();
  }
}
