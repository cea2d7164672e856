import { and, asc, eq, inArray, isNull, notify, type Tx, tables, withOrg } from "@creel/db";
import type { SandboxStatus } from "@creel/protocol";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { type Labels, labelsOnNode, mayOn } from "../authz/grant.ts";
import { visibleNodes } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { isConnected } from "../node/view.ts";
import { deliverPlans, lockNodes, makePlans } from "../plan/make.ts";
import { stored, storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { KillResult } from "../views.ts";
import { holdBy, killed, killFields } from "./hold.ts";

export const killAllInput = z.strictObject({
  /** Only this node's sandboxes; the whole org's when absent. */
  nodeId: z.uuid().optional(),
  ...killFields,
});

const { nodes: n, sandboxes: s } = tables;

/** Ends every sandbox of a node or of the org at once, as far as the caller's grants reach: one transaction, one new plan for each node. */
export const killAll = defineVerb({
  name: "sandbox.killAll",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "kill_switch" },
  input: killAllInput,
  run: async (ctx, { nodeId, reason, to }): Promise<KillResult> => {
    const { orgId } = ctx.actor;
    const hold = holdBy(ctx, reason);
    const now = ctx.clock();
    const done = await withOrg(ctx.db, orgId, async (tx) => {
      const hosts = await hostsOf(tx, ctx.actor, nodeId);
      const only = nodeId === undefined ? undefined : hosts.get(nodeId);
      if (nodeId !== undefined && only === undefined) throw notFound();
      if (only !== undefined)
        authorizeOn(ctx.actor, { action: "operate", kind: "kill_switch", labels: stored<Labels>(only.labels) });
      const nodeIds = [...hosts.keys()];
      await lockNodes(tx, { orgId, nodeIds });
      const rows = (await sandboxesOn(tx, { orgId, nodeIds })).filter(touches).filter((row) => {
        const labels = labelsOnNode(stored<Labels>(row.labels), stored<Labels>(hosts.get(row.nodeId)?.labels ?? {}));
        return mayOn(ctx.actor.grants, { action: "operate", kind: "kill_switch", labels });
      });
      for (const row of rows) {
        const change = killed(row, to, hold);
        await tx
          .update(s)
          .set(change)
          .where(and(eq(s.orgId, orgId), eq(s.id, row.id)));
        await recordAudit(tx, ctx, orgId, {
          action: "sandbox.kill",
          resource: { kind: "sandbox", id: row.id, label: row.name },
          changes: changesOf("sandboxes", row, { ...row, ...change }),
        });
      }
      const what = { to: { to }, reason: { to: reason }, sandboxes: { to: rows.length } };
      const resource =
        nodeId === undefined
          ? { kind: "org", id: orgId, label: "every sandbox" }
          : { kind: "node", id: nodeId, label: only?.name ?? "" };
      await recordAudit(tx, ctx, orgId, { action: "sandbox.killAll", resource, changes: what });
      const touched = [...new Set(rows.map((row) => row.nodeId))];
      const planIds = await makePlans(tx, ctx, { orgId, nodeIds: touched, cause: "sandbox.killAll" });
      await notify(tx, { orgId, topic: "sandboxes" });
      const sandboxes = rows.map(({ id, name, nodeId: at }) => {
        const where = hosts.get(at);
        const nodeConnected = where !== undefined && isConnected(where, now);
        return { id, name, nodeId: at, nodeName: where?.name ?? "", nodeConnected };
      });
      return { sandboxes, planIds };
    });
    await deliverPlans(ctx, orgId, done.planIds);
    return { sandboxes: done.sandboxes };
  },
});

/** A node that one may not see is none; what runs there is killed with the org's rest all the same when its labels are in reach. */
async function hostsOf(tx: Tx, actor: UserActor | ApiKeyActor, nodeId: string | undefined) {
  const { orgId } = actor;
  const rows = await tx
    .select({ id: n.id, name: n.name, connected: n.connected, lastSeenAt: n.lastSeenAt, labels: n.labels })
    .from(n)
    .where(
      and(
        eq(n.orgId, orgId),
        isNull(n.revokedAt),
        nodeId === undefined ? undefined : and(eq(n.id, nodeId), visibleNodes(actor)),
      ),
    );
  return new Map(rows.map((row) => [row.id, row]));
}

async function sandboxesOn(tx: Tx, { orgId, nodeIds }: { orgId: string; nodeIds: string[] }) {
  return await tx
    .select()
    .from(s)
    .where(and(eq(s.orgId, orgId), isNull(s.removedAt), inArray(s.nodeId, nodeIds)))
    .orderBy(asc(s.id))
    .for("update");
}

const OVER: readonly string[] = ["stopped", "exited", "failed", "quarantined"];
/** What is meant to run, and what is not known to have ended; whatever has ended already is left as it is. */
function touches(row: { desiredState: string; status: unknown }): boolean {
  const status = storedOrNull<SandboxStatus>(row.status);
  return row.desiredState === "running" || (status !== null && !OVER.includes(status.phase));
}
