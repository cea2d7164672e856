/**
 * Threat: one person breaks the glass on a rule, and does alone, before its end, what the rule was for: replaces it, or gives
 * somebody rights; or breaks it twice, so that the end of the second puts back what the first had applied.
 * Invariant: a rule that was enforced binds on as it was until somebody else has kept what break-glass made of it; and of one thing
 * one broken glass is open at a time.
 */
import { and, asc, eq, isNotNull, isNull, ne, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import { kindOf } from "./kinds.ts";
import type { ChangeRow } from "./row.ts";

export const ENDS_BY_ITSELF =
  "What it gave carries its end. Propose the same as a change of its own to have it for longer.";

const c = tables.changes;
const r = tables.changeReviews;

/** The base of a change of an approval policy, as far as rules ask. */
const baseSchema = z.object({
  standing: z.object({ name: z.string(), mode: z.string(), spec: z.unknown() }).nullable(),
});
export type RuleBefore = NonNullable<z.output<typeof baseSchema>["standing"]>;

/** By the id of the approval policy: what was enforced before a broken glass that is not over and that nobody has kept. */
export async function rulesBeforeGlass(tx: Tx, orgId: string): Promise<ReadonlyMap<string, RuleBefore>> {
  const rows = await tx
    .select({ subject: c.subject, base: c.base })
    .from(r)
    .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
    .where(and(eq(r.orgId, orgId), eq(c.kind, "approval_policy"), isNotNull(r.endsAt), isNull(r.endedAt)))
    .orderBy(asc(r.openedAt));
  const before = new Map<string, RuleBefore>();
  for (const { subject, base } of rows) {
    const { standing } = baseSchema.parse(base);
    const policyId = subject.slice(subject.indexOf(":") + 1);
    if (standing?.mode === "enforce" && !before.has(policyId)) before.set(policyId, standing);
  }
  return before;
}

/** Refuses a second broken glass on what one is open for. What ends by itself is not put back, so there any number may be. */
export async function expectNoGlass(tx: Tx, change: ChangeRow): Promise<void> {
  const kind = kindOf(change.kind);
  if (kind.takeBack === undefined || kind.endsByItself) return;
  const [open] = await tx
    .select({ title: c.title })
    .from(r)
    .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
    .where(
      and(
        eq(r.orgId, change.orgId),
        eq(c.subject, change.subject),
        ne(c.id, change.id),
        isNotNull(r.endsAt),
        isNull(r.endedAt),
      ),
    )
    .limit(1);
  if (open !== undefined)
    throw new CreelError(
      "conflict",
      `“${open.title}” was applied to the same by break-glass and is not over. Have it kept or undone first.`,
    );
}
