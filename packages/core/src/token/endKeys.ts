import { and, eq, inArray, type SQL, type Tx, tables } from "@creel/db";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { lockKeys, workingKeys } from "./family.ts";

/**
 * Ends the kin of the keys that `roots` selects, and what they made, each with an audit row. Under the lock of people, so that none is
 * made meanwhile. Answers how many ended.
 */
export async function endKeys(
  tx: Tx,
  ctx: Ctx,
  { orgId, roots, made, now }: { orgId: string; roots: SQL | undefined; made: "end" | "keep"; now: Date },
): Promise<number> {
  const t = tables.apiTokens;
  await lockKeys(tx, orgId);
  const families = await tx
    .selectDistinct({ kinId: t.kinId })
    .from(t)
    .where(and(eq(t.orgId, orgId), roots));
  const kinIds = new Set(families.map(({ kinId }) => kinId));
  const ids = (await workingKeys(tx, orgId, now))
    .filter((key) => kinIds.has(key.kinId) || (made === "end" && key.makerKinIds.some((id) => kinIds.has(id))))
    .map(({ id }) => id);
  const rows = await tx
    .select()
    .from(t)
    .where(and(eq(t.orgId, orgId), inArray(t.id, ids)))
    .for("update");
  for (const row of rows) {
    await tx
      .update(t)
      .set({ revokedAt: now })
      .where(and(eq(t.orgId, orgId), eq(t.id, row.id)));
    await recordAudit(tx, ctx, orgId, {
      action: "token.revoke",
      resource: { kind: "token", id: row.id, label: row.name },
      changes: changesOf("apiTokens", row, { ...row, revokedAt: now }),
    });
  }
  return rows.length;
}
