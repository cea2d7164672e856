import { existsSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { audit, policy, sandbox } from "@creel/core";
import { type Fleet, HOST, startFleet, until } from "./fleet.ts";

type Limits = Parameters<typeof sandbox.create>[0]["input"]["limits"];
interface Wish {
  script?: string;
  command?: string[];
  yaml?: string;
  limits?: Limits;
  policyId?: string;
  restart?: "never" | "always";
}

/** Writes to its own host for ever, which policies of these tests deny. */
export const ASKS = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (let n = 1; ; n++) { await fetch("https://${HOST}/api/" + n, { method: "POST", signal: AbortSignal.timeout(5000) }).catch(() => 0); await pause(50); }`;

/** Every process of this host that lives in the same PID namespace as the agent. */
export function inside(pid: number): number[] {
  const ns = (of: number | string) => {
    try {
      return readlinkSync(`/proc/${of}/ns/pid`);
    } catch {
      return null;
    }
  };
  const own = ns(pid);
  return own === null
    ? []
    : readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name) && ns(name) === own)
        .map(Number);
}
export const alive = (pids: number[]): number[] => pids.filter((pid) => existsSync(`/proc/${pid}`));

/** A fleet, and short words for what these tests do with its sandboxes. */
export async function startBoxes() {
  const fleet: Fleet = await startFleet();
  const nodeId = (await fleet.connected()).id;
  const made: string[] = [];
  const view = (id: string) => sandbox.get({ ctx: fleet.owner, input: { sandboxId: id } });
  const status = async (id: string) => (await view(id)).status;
  return {
    fleet,
    nodeId,
    view,
    status,
    /** A sandbox that its restart policy would start again at once, whatever ended it. */
    async make(name: string, wish: Wish = {}) {
      const fresh = async (yaml: string) =>
        idOf(await policy.create({ ctx: fleet.owner, input: { name, yaml, message: "" } }));
      const policyId = wish.policyId ?? (wish.yaml === undefined ? fleet.policyId : await fresh(wish.yaml));
      const command = wish.command ?? ["/bin/sh", "-c", wish.script ?? "exec sleep 300"];
      const restart = { policy: wish.restart ?? ("always" as const), delayMs: 0 };
      const agent = { plugin: "command" as const, command };
      const limits = wish.limits ? { limits: wish.limits } : {};
      const input = { name, nodeId, policyId, agent, restart, ...limits };
      const { id } = await sandbox.create({ ctx: fleet.owner, input });
      made.push(id);
      return { id, policyId };
    },
    inPhase: (id: string, phase: string) =>
      until(async () => {
        const now = await status(id);
        return now?.phase === phase ? now : null;
      }),
    auditOf: async (action: string, id: string) =>
      (await audit.list({ ctx: fleet.owner, input: { limit: 500 } })).items.filter(
        (row) => row.action === action && row.resource.id === id,
      ),
    /** What the agent wrote is read where the shim puts it; the lane to the hub may drop. */
    logged: (id: string, text: string) =>
      until(() => {
        const path = `sandboxes/${id}/log`;
        return existsSync(join(fleet.nodeDir, path)) && fleet.read(path).includes(text);
      }),
    kill: (id: string, to: "stopped" | "quarantined") =>
      sandbox.kill({ ctx: fleet.owner, input: { sandboxId: id, reason: "it behaves oddly", to } }),
    release: (id: string) => sandbox.release({ ctx: fleet.owner, input: { sandboxId: id, reason: "looked at" } }),
    async close() {
      for (const id of made) {
        await sandbox.release({ ctx: fleet.owner, input: { sandboxId: id, reason: "end" } }).catch(() => undefined);
        await sandbox.remove({ ctx: fleet.owner, input: { sandboxId: id } }).catch(() => undefined);
      }
      await until(() => made.every((id) => !existsSync(join(fleet.nodeDir, "sandboxes", id))));
      await fleet.close();
    },
  };
}
export type Boxes = Awaited<ReturnType<typeof startBoxes>>;

function idOf(made: Awaited<ReturnType<typeof policy.create>>): string {
  if (made.outcome !== "applied") throw new Error("it was proposed");
  return made.id;
}
