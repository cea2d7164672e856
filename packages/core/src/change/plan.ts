import { and, eq, isNull, tables, withOrg } from "@creel/db";
import type { Ctx } from "../context.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first } from "../stored.ts";
import { kindOf } from "./kinds.ts";

/**
 * Gives the nodes of an applied change their plans, once: in a transaction of its own, because heartbeats write nodes' rows all
 * the time and would make a serialisable one begin again for ever. Until it is done the change owes it, and the sweep pays.
 */
export async function planNodes(ctx: Ctx, where: { orgId: string; changeId: string }): Promise<string[]> {
  const { orgId, changeId } = where;
  const c = tables.changes;
  const planIds = await withOrg(ctx.db, orgId, async (tx) => {
    const owed = and(eq(c.orgId, orgId), eq(c.id, changeId), eq(c.state, "applied"), isNull(c.plannedAt));
    const row = first(await tx.select().from(c).where(owed).for("update"));
    if (row === null) return [];
    const kind = kindOf(row.kind);
    const at = { tx, orgId, now: ctx.clock() };
    const nodeIds = (await kind.nodes?.(at, kind.contentSchema.parse(row.content))) ?? [];
    const made = await makePlans(tx, ctx, { orgId, nodeIds, cause: kind.planCause ?? "change.apply" });
    await tx
      .update(c)
      .set({ plannedAt: ctx.clock() })
      .where(and(eq(c.orgId, orgId), eq(c.id, changeId)));
    return made;
  });
  await deliverPlans(ctx, orgId, planIds);
  return planIds;
}
