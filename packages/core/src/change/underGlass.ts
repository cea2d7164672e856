/**
 * Threat: one person breaks the glass and alone makes what it applied stay: replaces a rule that was weakened, saves a broken text
 * again with a remark, gives somebody the right to vote, or breaks it twice, so that the end of the second puts back the first.
 * Invariant: a rule that was enforced binds on as it was until somebody else has kept what break-glass made of it; what comes after
 * a broken change of the same thing is as grave as that one; nobody is given a vote; and of one thing one broken glass is open at a
 * time.
 */
import type { Labels, RiskGrade } from "@creel/approvals";
import { and, asc, eq, isNotNull, isNull, or, type SQL, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import { type In, kindOf } from "./kinds.ts";
import { type ChangeRow, riskOf, touchesOf } from "./row.ts";
import { appliedSince } from "./since.ts";

export const ENDS_BY_ITSELF =
  "What it gave carries its end. Propose the same as a change of its own to have it for longer.";

const c = tables.changes;
const r = tables.changeReviews;

/** The base of a change of an approval policy, as far as rules ask. */
const baseSchema = z.object({
  standing: z.object({ name: z.string(), mode: z.string(), spec: z.unknown() }).nullable(),
});
export type RuleBefore = NonNullable<z.output<typeof baseSchema>["standing"]>;

/** Changes among these which break-glass applied, which are not over and which nobody has kept; the oldest first. */
async function openGlass(tx: Tx, orgId: string, among: SQL): Promise<ChangeRow[]> {
  const rows = await tx
    .select({ change: c })
    .from(r)
    .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
    .where(and(eq(r.orgId, orgId), among, isNotNull(r.endsAt), isNull(r.endedAt)))
    .orderBy(asc(r.openedAt));
  return rows.map(({ change }) => change);
}

const ofSubject = (subject: string): SQL => eq(c.subject, subject);

/** By the id of the approval policy: what was enforced before a broken glass that is not over and that nobody has kept. */
export async function rulesBeforeGlass(tx: Tx, orgId: string): Promise<ReadonlyMap<string, RuleBefore>> {
  const before = new Map<string, RuleBefore>();
  for (const { subject, base } of await openGlass(tx, orgId, eq(c.kind, "approval_policy"))) {
    const { standing } = baseSchema.parse(base);
    const policyId = subject.slice(subject.indexOf(":") + 1);
    if (standing?.mode === "enforce" && !before.has(policyId)) before.set(policyId, standing);
  }
  return before;
}

/**
 * Rules that began to bind by break-glass and that nobody approved, while its time runs and after it, when nobody has approved their end
 * yet. They do not say what it takes to keep or to end themselves, or one that nobody can satisfy would bind for ever.
 */
export async function rulesNobodyApproved(tx: Tx, orgId: string): Promise<ReadonlySet<string>> {
  const rows = await tx
    .select({ id: c.id, subject: c.subject, base: c.base })
    .from(r)
    .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
    .where(
      and(
        eq(r.orgId, orgId),
        or(eq(r.endedHow, "proposed"), and(isNull(r.endedAt), isNotNull(r.endsAt))),
        eq(c.kind, "approval_policy"),
      ),
    );
  const standing = new Set<string>();
  for (const { id, subject, base } of rows)
    if (baseSchema.parse(base).standing?.mode !== "enforce" && !(await appliedSince(tx, { orgId, id })))
      standing.add(subject.slice(subject.indexOf(":") + 1));
  return standing;
}

/** What a change of this thing makes stay, because it comes on top of it. */
export async function gravityUnder(at: In, subject: string): Promise<{ risks: RiskGrade[]; touches: Labels[] }> {
  const open = await openGlass(at.tx, at.orgId, ofSubject(subject));
  const risks = open.map(riskOf);
  return { risks, touches: open.flatMap((change) => [...touchesOf(change)]) };
}

/** For whoever decides about a change: what of it they would make stay. */
export async function glassSentences(tx: Tx, change: ChangeRow): Promise<string[]> {
  const open = (await openGlass(tx, change.orgId, ofSubject(change.subject))).filter(({ id }) => id !== change.id);
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
  const never = await kind.notByGlass?.(at, kind.contentSchema.parse(change.content));
  if (never != null) throw new CreelError("conflict", never);
  if (kind.takeBack === undefined || kind.endsByItself) return;
  const [open] = await openGlass(tx, change.orgId, ofSubject(change.subject));
  if (open !== undefined)
    throw new CreelError(
      "conflict",
      `“${open.title}” was applied to the same by break-glass and is not over. Have it kept or undone first.`,
    );
}
