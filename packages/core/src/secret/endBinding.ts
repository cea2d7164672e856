import { and, eq, isNull, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { first } from "../stored.ts";

const b = tables.secretBindings;

/** Ends a binding with its audit row; false where it had ended. Under the caller's `lockSecret`; its nodes are owed a plan then. */
export async function endBinding(
  tx: Tx,
  ctx: Ctx,
  {
    secret,
    bindingId,
  }: { secret: Pick<typeof tables.secrets.$inferSelect, "orgId" | "id" | "name">; bindingId: string },
): Promise<boolean> {
  const { orgId } = secret;
  const mine = and(eq(b.orgId, orgId), eq(b.id, bindingId), isNull(b.endedAt));
  const before = first(await tx.select().from(b).where(mine).for("update"));
  if (before === null) return false;
  const set = { endedAt: ctx.clock(), endedBy: describeActor(ctx.actor).label };
  await tx.update(b).set(set).where(mine);
  await recordAudit(tx, ctx, orgId, {
    action: "secret.unbind",
    resource: { kind: "secret", id: secret.id, label: secret.name },
    changes: changesOf("secretBindings", before, { ...before, ...set }),
  });
  await notify(tx, { orgId, topic: "secrets", id: secret.id });
  return true;
}
