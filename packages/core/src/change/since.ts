import { and, eq, gt, ne, type Tx, tables } from "@creel/db";
import { first } from "../stored.ts";

/**
 * Whether another change of the same kind and thing was applied after this one: what is there is that one's then, also where it reads
 * as this one left it, and taking this one back would undo what others approved.
 */
export async function appliedSince(tx: Tx, { orgId, id }: { orgId: string; id: string }): Promise<boolean> {
  const c = tables.changes;
  const row = first(
    await tx
      .select({ kind: c.kind, subject: c.subject, endedAt: c.endedAt })
      .from(c)
      .where(and(eq(c.orgId, orgId), eq(c.id, id))),
  );
  if (row === null || row.endedAt === null) return false;
  const same = and(eq(c.orgId, orgId), eq(c.kind, row.kind), eq(c.subject, row.subject), eq(c.state, "applied"));
  const later = await tx
    .select({ id: c.id })
    .from(c)
    .where(and(same, ne(c.id, id), gt(c.endedAt, row.endedAt)))
    .limit(1);
  return later.length > 0;
}
