import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import type { AuditAction } from "../audit/actions.ts";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { type Labels, labelsOnNode, mayOn } from "../authz/grant.ts";
import type { Action } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { deliverPlans, lockNodes, makePlans } from "../plan/make.ts";
import { first, stored } from "../stored.ts";
import type { SandboxView } from "../views.ts";
import { sandboxViews } from "./view.ts";

type Row = typeof tables.sandboxes.$inferSelect;

/** Out of quarantine leads one way only: the release, which has a right and an audit row of its own. */
export function expectNotHeld(row: Row): void {
  if (row.desiredState !== "quarantined") return;
  throw new CreelError("conflict", `${row.name} is in quarantine. Release it first (creel sandbox release).`);
}

/** Changes what a sandbox should be, audits it and plans it, in one transaction. Null when it was removed by it. */
export async function changeSandbox(
  ctx: Ctx<UserActor | ApiKeyActor>,
  sandboxId: string,
  { cause, ...need }: { cause: AuditAction; action: Action; kind: "sandbox" | "quarantine" },
  change: (
    row: Row,
  ) => Partial<Pick<Row, "desiredState" | "endBy" | "hold" | "releases" | "incarnation" | "removedAt" | "labels">>,
): Promise<SandboxView | null> {
  const { orgId } = ctx.actor;
  const { sandboxes: t, nodes: n } = tables;
  const mine = and(eq(t.orgId, orgId), eq(t.id, sandboxId), isNull(t.removedAt));
  const done = await withOrg(ctx.db, orgId, async (tx) => {
    const placed = first(
      await tx
        .select({ nodeId: t.nodeId, labels: n.labels })
        .from(t)
        .innerJoin(n, and(eq(n.orgId, t.orgId), eq(n.id, t.nodeId)))
        .where(mine),
    );
    if (placed === null) throw notFound();
    await lockNodes(tx, { orgId, nodeIds: [placed.nodeId] });
    const before = first(await tx.select().from(t).where(mine).for("update"));
    if (before === null) throw notFound();
    const labels = labelsOnNode(stored<Labels>(before.labels), stored<Labels>(placed.labels));
    if (!mayOn(ctx.actor.grants, { action: "read", kind: "sandbox", labels })) throw notFound();
    authorizeOn(ctx.actor, { ...need, labels });
    const changed = change(before);
    await tx.update(t).set(changed).where(mine);
    await recordAudit(tx, ctx, orgId, {
      action: cause,
      resource: { kind: "sandbox", id: sandboxId, label: before.name },
      changes: changesOf("sandboxes", before, { ...before, ...changed }),
    });
    const planIds = await makePlans(tx, ctx, { orgId, nodeIds: [before.nodeId], cause });
    await notify(tx, { orgId, topic: "sandboxes", id: sandboxId });
    const [view] = await sandboxViews(tx, { orgId, sandboxId, now: ctx.clock() });
    return { view: view ?? null, planIds };
  });
  await deliverPlans(ctx, orgId, done.planIds);
  return done.view;
}
