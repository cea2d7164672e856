/**
 * Threat: whoever broke the glass, or a friend of theirs, opens again what an emergency closed, by its end or by one "undo".
 * Invariant: it is a change like any other, which waits for the rules that bind and is nobody's to apply alone; whoever had a part in
 * what break-glass applied, or broke the glass, never counts for it.
 */
import { and, eq, type Tx, tables } from "@creel/db";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { partiesOf } from "./count.ts";
import { insertChange } from "./insert.ts";
import { kindOf } from "./kinds.ts";
import type { ChangeRow } from "./row.ts";

const { changeReviews: r, changeParties: p, changes: c } = tables;

/** What is said of it before its own title. */
const TITLED = "Open again what break-glass closed: ";

interface Reopening {
  change: ChangeRow;
  brokenByUserId: string;
  content: unknown;
}

/** Proposes the way back. The id of what waits now, or why it could not be proposed: it stays closed then too. */
export async function proposeReopening(
  tx: Tx,
  ctx: Ctx,
  reopening: Reopening,
): Promise<{ changeId: string } | { note: string }> {
  try {
    return await tx.transaction(async (inner) => await propose(inner, ctx, reopening));
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    return { note: `What it closed stays closed, and opening it again could not be proposed: ${error.publicMessage}` };
  }
}

async function propose(
  tx: Tx,
  ctx: Ctx,
  { change, brokenByUserId, content }: Reopening,
): Promise<{ changeId: string }> {
  const { orgId } = change;
  const row = await insertChange(tx, ctx, kindOf(change.kind), {
    orgId,
    content,
    message: `Break-glass applied “${change.title}”, which closed this. It is as it was before only once this is approved.`,
    applyAt: null,
    grants: [],
    titled: TITLED,
  });
  const took = [...(await partiesOf(tx, change)).map(({ userId }) => userId), brokenByUserId];
  const parties = [...new Set(took)].map((userId) => ({
    ...{ orgId, changeId: row.id, userId },
    part: BROKE_GLASS,
    createdAt: ctx.clock(),
  }));
  await tx.insert(p).values(parties).onConflictDoNothing();
  return { changeId: row.id };
}

/** The part of whoever wrote or gained by what break-glass applied, or broke the glass for it, in what would undo that. */
export const BROKE_GLASS = "broke_glass";

/** Why it is not edited: whoever decides reads Creel's own words, that it puts back what was. */
export const REOPENS_AS_IT_WAS = "It puts back what was there before. Propose anything else as a change of your own.";

/** Who wrote a change, of all who had a part in it. */
export const wrote = ({ part }: { part: string }): boolean => part === "author" || part === "editor";

/** The change that break-glass applied and that this one would undo. */
export async function reopenedBy(
  tx: Tx,
  of: { orgId: string; changeId: string },
): Promise<{ id: string; title: string } | null> {
  return first(
    await tx
      .select({ id: c.id, title: c.title })
      .from(r)
      .innerJoin(c, and(eq(c.orgId, r.orgId), eq(c.id, r.changeId)))
      .where(and(eq(r.orgId, of.orgId), eq(r.endedHow, "proposed"), eq(r.endedNote, of.changeId))),
  );
}
