import { and, eq, inArray, notify, type Tx, tables } from "@creel/db";
import type { SandboxStatus } from "@creel/protocol";
import type { Ctx, NodeActor } from "../context.ts";
import { digestOf } from "../digest.ts";
import { storedOrNull } from "../stored.ts";
import { recordStatusNews } from "./statusNews.ts";

/** Stores what a node says of its own sandboxes; what it says of others is not heard. Answers how many were its own. */
export async function applyStatuses(tx: Tx, ctx: Ctx<NodeActor>, statuses: readonly SandboxStatus[]): Promise<number> {
  const { orgId, nodeId } = ctx.actor;
  const t = tables.sandboxes;
  if (statuses.length === 0) return 0;
  const ids = statuses.map((status) => status.id);
  const known = await tx
    .select({ id: t.id, name: t.name, status: t.status })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.nodeId, nodeId), inArray(t.id, ids)))
    .orderBy(t.id);
  const before = new Map(known.map((row) => [row.id, row]));
  let changed = false;
  // In the order of ids, so that two messages of one node never wait for each other in a circle.
  for (const status of [...statuses].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const row = before.get(status.id);
    if (row === undefined || digestOf(row.status) === digestOf(status)) continue;
    await tx
      .update(t)
      .set({ status })
      .where(and(eq(t.orgId, orgId), eq(t.id, status.id), eq(t.nodeId, nodeId)));
    await recordStatusNews(tx, ctx, { name: row.name, before: storedOrNull<SandboxStatus>(row.status), now: status });
    changed = true;
  }
  if (changed) await notify(tx, { orgId, topic: "sandboxes" });
  return known.length;
}
