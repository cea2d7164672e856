import { and, asc, eq, isNull, type SQL, sql, type Tx, tables } from "@creel/db";
import { HEARTBEAT_TIMEOUT_MS, type HostCapabilities, type ModelInfo } from "@creel/protocol";
import type { Labels } from "../authz/grant.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, stored, storedOrNull } from "../stored.ts";
import type { NodeView } from "../views.ts";
import type { NodeState } from "./state.ts";

/** A hub that was killed cannot say that its nodes went away; a heartbeat that is overdue says it. */
export const isConnected = (row: { connected: boolean; lastSeenAt: Date | null }, now: Date): boolean =>
  row.connected && row.lastSeenAt !== null && now.getTime() - row.lastSeenAt.getTime() <= HEARTBEAT_TIMEOUT_MS;

export async function nodeViews(
  tx: Tx,
  /** `within`: what the asking person may see, of the rows of `nodes`. */
  query: { orgId: string; nodeId?: string | undefined; within?: SQL | undefined; now: Date },
): Promise<NodeView[]> {
  const { nodes, sandboxes } = tables;
  const rows = await tx
    .select({ node: nodes, sandboxCount: sql<number>`count(${sandboxes.id})::int` })
    .from(nodes)
    .leftJoin(
      sandboxes,
      and(eq(sandboxes.orgId, nodes.orgId), eq(sandboxes.nodeId, nodes.id), isNull(sandboxes.removedAt)),
    )
    .where(
      and(
        eq(nodes.orgId, query.orgId),
        query.nodeId === undefined ? undefined : eq(nodes.id, query.nodeId),
        query.within,
      ),
    )
    .groupBy(nodes.orgId, nodes.id)
    .orderBy(asc(nodes.name), asc(nodes.id))
    .limit(PAGE_MAX);
  return rows.map(({ node, sandboxCount }) => ({
    id: node.id,
    name: node.name,
    labels: stored<Labels>(node.labels),
    state: stored<NodeState>(node.state),
    connected: isConnected(node, query.now),
    lastSeenAt: isoOrNull(node.lastSeenAt),
    agentVersion: node.agentVersion,
    capabilities: storedOrNull<HostCapabilities>(node.capabilities),
    model: storedOrNull<ModelInfo>(node.model),
    generation: node.generation,
    desiredGeneration: node.desiredGeneration,
    sandboxCount,
    certificateExpiresAt: isoOrNull(node.certificateExpiresAt),
    enrolledAt: iso(node.enrolledAt),
  }));
}
