import { and, eq, inArray, isNull, newId, notify, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { newestCursor } from "./newest.ts";

interface Marking {
  orgId: string;
  groupKey: string;
  label: string;
  kind: "dismissed" | "handled";
  reason: string;
  action: "inbox.allow" | "inbox.dismiss";
  /** For these sandboxes alone; for all that ask, now and later, where it is left out. */
  sandboxIds?: readonly string[];
}

/** Remembers what was done about a group, in place of what was remembered before of the same sandboxes, or of all. */
export async function markGroup(tx: Tx, ctx: Ctx, marking: Marking): Promise<void> {
  const { orgId, groupKey, label, kind, reason, action, sandboxIds } = marking;
  const { inboxMarks: m } = tables;
  const at = ctx.clock();
  const same = sandboxIds === undefined ? isNull(m.sandboxId) : inArray(m.sandboxId, [...sandboxIds]);
  await tx
    .update(m)
    .set({ endedAt: at })
    .where(and(eq(m.orgId, orgId), eq(m.groupKey, groupKey), same, isNull(m.endedAt)));
  const by = describeActor(ctx.actor).label;
  const cursor = await newestCursor(tx, orgId);
  const rows = (sandboxIds ?? [null]).map((sandboxId) => ({
    ...{ orgId, id: newId(at), groupKey, sandboxId, kind, reason, by, at, cursor, endedAt: null },
  }));
  const [row] = rows;
  if (row === undefined) return;
  await tx.insert(m).values(rows);
  const where = sandboxIds === undefined ? {} : { sandboxIds: { to: [...sandboxIds] } };
  await recordAudit(tx, ctx, orgId, {
    action,
    resource: { kind: "inbox", id: row.id, label },
    changes: { ...changesOf("inboxMarks", null, { ...row, sandboxId: null }), ...where },
  });
  await notify(tx, { orgId, topic: "exceptions" });
}
