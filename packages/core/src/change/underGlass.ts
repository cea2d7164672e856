/**
 * Threat: one person breaks the glass and alone makes what it applied stay: changes the rules that bind, or where they bind, saves a
 * broken text again with a remark, gives somebody the right to vote, or breaks it twice, so that the end of the second puts back the
 * first.
 * Invariant: break-glass passes the rules by for one change and changes no rule, nor the labels by which rules select policies
 * (`neverByGlass`); what comes after a broken change of the same thing is as grave as that one; nobody is given a vote; and of one
 * thing one broken glass is open at a time.
 */
import type { Labels, RiskGrade } from "@creel/approvals";
import { and, asc, eq, isNotNull, isNull, type Tx, tables } from "@creel/db";
import { CreelError } from "../errors/errors.ts";
import { type In, kindOf } from "./kinds.ts";
import { type ChangeRow, riskOf, touchesOf } from "./row.ts";

export const ENDS_BY_ITSELF =
  "What it gave carries its end. Propose the same as a change of its own to have it for longer.";

const c = tables.changes;
const r = tables.changeReviews;

/** Changes of one thing which break-glass applied, which are not over and which nobody has kept; the oldest first. */
export async function openGlass(tx: Tx, { orgId, subject }: { orgId: string; subject: string }): Promise<ChangeRow[]> {
  const rows = await tx
    .select({ change: c })
    .from(r)
    .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
    .where(and(eq(r.orgId, orgId), eq(c.subject, subject), isNotNull(r.endsAt), isNull(r.endedAt)))
    .orderBy(asc(r.openedAt));
  return rows.map(({ change }) => change);
}

/** What a change of this thing makes stay, because it comes on top of it. */
export async function gravityUnder(at: In, subject: string): Promise<{ risks: RiskGrade[]; touches: Labels[] }> {
  const open = await openGlass(at.tx, { orgId: at.orgId, subject });
  const risks = open.map(riskOf);
  return { risks, touches: open.flatMap((change) => [...touchesOf(change)]) };
}

/** For whoever decides about a change: what of it they would make stay. */
export async function glassSentences(tx: Tx, change: ChangeRow): Promise<string[]> {
  const open = (await openGlass(tx, change)).filter(({ id }) => id !== change.id);
  return open.map(
    ({ title }) => `It comes on top of “${title}”, which break-glass applied and nobody has kept: both would stay.`,
  );
}

/**
 * Refuses what break-glass may not apply, and a second broken glass on what one is open for. What ends by itself is not put back, so
 * there any number may be.
 */
export async function expectBreakable(at: In, change: ChangeRow): Promise<void> {
  const { tx } = at;
  const kind = kindOf(change.kind);
  const never = kind.neverByGlass ?? (await kind.notByGlass?.(at, kind.contentSchema.parse(change.content)));
  if (never != null) throw new CreelError("conflict", never);
  if (kind.takeBack === undefined || kind.endsByItself) return;
  const [open] = await openGlass(tx, change);
  if (open !== undefined)
    throw new CreelError(
      "conflict",
      `“${open.title}” was applied to the same by break-glass and is not over. Have it kept or undone first.`,
    );
}
