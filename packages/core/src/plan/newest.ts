import { and, desc, eq, type Tx, tables } from "@creel/db";
import type { DesiredState } from "@creel/protocol";
import { first, stored } from "../stored.ts";
import type { PlanState } from "./state.ts";

export interface NewestPlan {
  id: string;
  state: PlanState;
  content: DesiredState;
}

/** What the node should be running by now; null before anything was planned for it. */
export async function newestPlan(tx: Tx, where: { orgId: string; nodeId: string }): Promise<NewestPlan | null> {
  const t = tables.plans;
  const row = first(
    await tx
      .select({ id: t.id, state: t.state, content: t.content })
      .from(t)
      .where(and(eq(t.orgId, where.orgId), eq(t.nodeId, where.nodeId)))
      .orderBy(desc(t.generation))
      .limit(1),
  );
  if (row === null) return null;
  return { id: row.id, state: stored<PlanState>(row.state), content: stored<DesiredState>(row.content) };
}
