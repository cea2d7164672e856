import type { ChangeState, Labels, RiskGrade } from "@creel/approvals";
import { and, eq, inArray, or, type Tx, tables } from "@creel/db";
import { digestOf } from "../digest.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { kindOf } from "./kinds.ts";

export type ChangeRow = typeof tables.changes.$inferSelect;

export const stateOf = (row: Pick<ChangeRow, "state">): ChangeState => stored<ChangeState>(row.state);
export const riskOf = (row: Pick<ChangeRow, "risk">): RiskGrade => stored<RiskGrade>(row.risk);
export const touchesOf = (row: Pick<ChangeRow, "touches">): readonly Labels[] => stored<readonly Labels[]>(row.touches);

/**
 * What a vote is for: the content, what it stands on, what its author says of it, and when it may take effect; and which
 * revision it is, so that an edit back to a former text does not bring its votes back.
 */
export const digestOfChange = (of: {
  kind: string;
  content: unknown;
  baseDigest: string;
  applyAt: Date | null;
  message: string;
  revision: number;
}): string =>
  digestOf({
    kind: of.kind,
    content: of.content,
    base: of.baseDigest,
    applyAt: of.applyAt?.toISOString() ?? null,
    message: of.message,
    revision: of.revision,
  });

/**
 * Takes the change for this transaction, and with it the others that wait for the same thing, in the order of their ids: votes,
 * edits and applying of one thing happen one after the other, and two of them never wait for each other in a circle.
 */
export async function lockChange(tx: Tx, where: { orgId: string; changeId: string }): Promise<ChangeRow> {
  const c = tables.changes;
  const mine = and(eq(c.orgId, where.orgId), eq(c.id, where.changeId));
  const found = first(await tx.select({ kind: c.kind, subject: c.subject }).from(c).where(mine));
  if (found === null) throw notFound();
  await kindOf(found.kind).hold?.(tx, where.orgId);
  const rows = await tx
    .select()
    .from(c)
    .where(
      and(
        eq(c.orgId, where.orgId),
        eq(c.subject, found.subject),
        or(eq(c.id, where.changeId), inArray(c.state, ["open", "approved"])),
      ),
    )
    .orderBy(c.id)
    .for("update");
  const row = rows.find(({ id }) => id === where.changeId);
  if (row === undefined) throw notFound();
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
