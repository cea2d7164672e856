import { and, desc, eq, type SQL, type Tx, tables } from "@creel/db";
import { iso, isoOrNull, stored } from "../stored.ts";
import type { PlanView } from "../views.ts";
import type { PlanState } from "./state.ts";

const { plans, nodes } = tables;
/** Everything but the content, which may be megabytes. */
const columns = {
  id: plans.id,
  nodeId: plans.nodeId,
  nodeName: nodes.name,
  generation: plans.generation,
  parent: plans.parent,
  state: plans.state,
  cause: plans.cause,
  reason: plans.reason,
  digest: plans.digest,
  createdAt: plans.createdAt,
  sentAt: plans.sentAt,
  finishedAt: plans.finishedAt,
};

export async function planViews(
  tx: Tx,
  query: {
    orgId: string;
    planId?: string | undefined;
    nodeId?: string | undefined;
    /** What the asking person may see, of plans with their nodes. */
    within?: SQL | undefined;
    limit: number;
  },
): Promise<PlanView[]> {
  const rows = await tx
    .select(columns)
    .from(plans)
    .innerJoin(nodes, and(eq(nodes.orgId, plans.orgId), eq(nodes.id, plans.nodeId)))
    .where(
      and(
        eq(plans.orgId, query.orgId),
        query.planId === undefined ? undefined : eq(plans.id, query.planId),
        query.nodeId === undefined ? undefined : eq(plans.nodeId, query.nodeId),
        query.within,
      ),
    )
    .orderBy(desc(plans.id))
    .limit(query.limit);
  return rows.map((row) => ({
    ...row,
    state: stored<PlanState>(row.state),
    createdAt: iso(row.createdAt),
    sentAt: isoOrNull(row.sentAt),
    finishedAt: isoOrNull(row.finishedAt),
  }));
}
