import { and, eq, isNull, newId, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";

interface Marking {
  orgId: string;
  groupKey: string;
  label: string;
  kind: "dismissed" | "handled";
  reason: string;
  action: "inbox.allow" | "inbox.dismiss";
}

/** Remembers what was done about a group, in place of what was remembered before. */
export async function markGroup(tx: Tx, ctx: Ctx, marking: Marking): Promise<void> {
  const { orgId, groupKey, label, kind, reason, action } = marking;
  const { inboxMarks: m } = tables;
  const at = ctx.clock();
  await tx
    .update(m)
    .set({ endedAt: at })
    .where(and(eq(m.orgId, orgId), eq(m.groupKey, groupKey), isNull(m.endedAt)));
  const row = { orgId, id: newId(at), groupKey, kind, reason, by: describeActor(ctx.actor).label, at, endedAt: null };
  await tx.insert(m).values(row);
  await recordAudit(tx, ctx, orgId, {
    action,
    resource: { kind: "inbox", id: row.id, label },
    changes: changesOf("inboxMarks", null, row),
  });
  await notify(tx, { orgId, topic: "exceptions" });
}
