import { and, eq, inArray, type Tx, tables } from "@creel/db";
import type { ChangeView } from "../changeViews.ts";
import { iso, isoOrNull, stored } from "../stored.ts";
import { type ChangeRow, riskOf, stateOf, touchesOf } from "./row.ts";

type Review = typeof tables.changeReviews.$inferSelect;

export const toChangeView = (row: ChangeRow, review: Review | null): ChangeView => ({
  id: row.id,
  kind: row.kind,
  title: row.title,
  message: row.message,
  digest: row.digest,
  state: stateOf(row),
  risk: riskOf(row),
  touches: [...touchesOf(row)],
  author: { id: row.authorUserId, label: row.author },
  revision: row.revision,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  expiresAt: iso(row.expiresAt),
  applyAt: isoOrNull(row.applyAt),
  endedAt: isoOrNull(row.endedAt),
  endedBy: row.endedBy,
  endedReason: row.endedReason,
  remindedAt: isoOrNull(row.remindedAt),
  remindedBy: row.remindedBy,
  remindAt: row.state === "open" ? isoOrNull(row.remindAt) : null,
  wouldBlock: stored<ChangeView["wouldBlock"] | null>(row.wouldBlock) ?? [],
  review:
    review === null
      ? null
      : {
          reason: review.reason,
          brokenBy: { id: review.brokenByUserId, label: review.brokenBy },
          skippedCount: stored<readonly string[]>(review.skipped).length,
          openedAt: iso(review.openedAt),
          dueAt: iso(review.dueAt),
          closedAt: isoOrNull(review.closedAt),
          closedBy: review.closedBy,
          verdict: stored<"keep" | "justified" | "undo" | null>(review.verdict),
          note: review.note,
          endsAt: isoOrNull(review.endsAt),
          endedAt: isoOrNull(review.endedAt),
          endedHow: stored<"taken_back" | "kept" | "left" | "proposed" | null>(review.endedHow),
          endedNote: review.endedHow === "proposed" ? null : review.endedNote,
          reopening: review.endedHow === "proposed" ? review.endedNote : null,
        },
});

export async function reviewsOf(
  tx: Tx,
  of: { orgId: string; changeIds: readonly string[] },
): Promise<Map<string, Review>> {
  if (of.changeIds.length === 0) return new Map();
  const t = tables.changeReviews;
  const rows = await tx
    .select()
    .from(t)
    .where(and(eq(t.orgId, of.orgId), inArray(t.changeId, [...of.changeIds])));
  return new Map(rows.map((row) => [row.changeId, row]));
}
