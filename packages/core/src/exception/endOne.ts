import { and, eq, isNull, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { exceptionLabel } from "./view.ts";

const e = tables.egressExceptions;

/** Ends one with its audit row; false where it had ended. Its node is owed a plan then. */
export async function endOne(
  tx: Tx,
  ctx: Ctx,
  { exception, sandboxName }: { exception: typeof e.$inferSelect; sandboxName: string },
): Promise<boolean> {
  const { orgId, id } = exception;
  const set = { endedAt: ctx.clock(), endedBy: describeActor(ctx.actor).label };
  const ended = await tx
    .update(e)
    .set(set)
    .where(and(eq(e.orgId, orgId), eq(e.id, id), isNull(e.endedAt)))
    .returning({ id: e.id });
  if (ended.length === 0) return false;
  await recordAudit(tx, ctx, orgId, {
    action: "exception.end",
    resource: { kind: "exception", id, label: exceptionLabel({ sandboxName, ...exception }) },
    changes: changesOf("egressExceptions", exception, { ...exception, ...set }),
  });
  await notify(tx, { orgId, topic: "exceptions" });
  return true;
}
