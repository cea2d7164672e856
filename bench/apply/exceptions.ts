import { setTimeout as delay } from "node:timers/promises";
import type { Fleet } from "../../e2e/support/fleet.ts";
import type { Decision } from "../../e2e/support/views.ts";

const GRANTS = 100;
const LOOK_MS = 5;
/** What the bench's agent asks for all the time, as its decisions name it. */
const SCOPE = { binary: "/opt/node/bin/node", host: "nobody.creel.example", port: 443 };

/**
 * From the grant of an exception, over web, database, queue, hub and node agent, to the first decision that it allows; in milliseconds.
 * Each is ended before the next is granted, and the next begins where the sandbox is denied again.
 */
export async function exceptionDelivery(fleet: Fleet, sandboxId: string): Promise<number[]> {
  const took: number[] = [];
  for (let round = 0; round < GRANTS; round++) {
    const grantedMs = Date.now();
    const wish = { ...SCOPE, sandboxIds: [sandboxId], seconds: 3_600, reason: `bench ${round}` };
    const { exceptionIds } = await fleet.api<{ exceptionIds: string[] }>("POST", "/exceptions", wish);
    const id = exceptionIds[0] ?? "";
    took.push(Date.parse((await first(fleet, sandboxId, (each) => each.rule === `exception:${id}`)).time) - grantedMs);
    await fleet.api("DELETE", `/exceptions/${id}`);
    const endedMs = Date.now();
    await first(fleet, sandboxId, (each) => each.decision === "deny" && Date.parse(each.time) > endedMs);
  }
  return took;
}

/** The earliest of the newest decisions that is as asked, once there is one. */
async function first(fleet: Fleet, sandboxId: string, is: (decision: Decision) => boolean): Promise<Decision> {
  for (;;) {
    const { items } = await fleet.api<{ items: Decision[] }>("GET", `/decisions?sandboxId=${sandboxId}&limit=500`);
    const found = items.filter(is).at(-1);
    if (found !== undefined) return found;
    await delay(LOOK_MS);
  }
}
