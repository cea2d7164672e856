import type { ChangeState, Labels, RiskGrade } from "@creel/approvals";
import { and, eq, type Tx, tables } from "@creel/db";
import { digestOf } from "../digest.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";

export type ChangeRow = typeof tables.changes.$inferSelect;

export const stateOf = (row: Pick<ChangeRow, "state">): ChangeState => stored<ChangeState>(row.state);
export const riskOf = (row: Pick<ChangeRow, "risk">): RiskGrade => stored<RiskGrade>(row.risk);
export const touchesOf = (row: Pick<ChangeRow, "touches">): readonly Labels[] => stored<readonly Labels[]>(row.touches);

/** What a vote is for: the content, what it stands on, what its author says of it, and when it may take effect. */
export const digestOfChange = (of: {
  kind: string;
  content: unknown;
  baseDigest: string;
  applyAt: Date | null;
  message: string;
}): string =>
  digestOf({
    kind: of.kind,
    content: of.content,
    base: of.baseDigest,
    applyAt: of.applyAt?.toISOString() ?? null,
    message: of.message,
  });

/** Takes the change for this transaction: votes, edits and applying of one change happen one after the other. */
export async function lockChange(tx: Tx, where: { orgId: string; changeId: string }): Promise<ChangeRow> {
  const c = tables.changes;
  const row = first(
    await tx
      .select()
      .from(c)
      .where(and(eq(c.orgId, where.orgId), eq(c.id, where.changeId)))
      .for("update"),
  );
  if (row === null) throw notFound();
  return row;
}

export async function updateChange(tx: Tx, row: ChangeRow, set: Partial<ChangeRow>): Promise<ChangeRow> {
  const c = tables.changes;
  await tx
    .update(c)
    .set(set)
    .where(and(eq(c.orgId, row.orgId), eq(c.id, row.id)));
  return { ...row, ...set };
}
