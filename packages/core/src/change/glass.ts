/**
 * Threat: what somebody applied without approvals stays for good, because nobody looked back, or because nothing ran at its end.
 * Invariant: it is taken back at its end, or by the first sweep after it, unless somebody else has kept it before; and once only.
 * What has been changed since is left as it is, on record and told. What it closed is not opened by that: `reopen.ts` proposes it.
 */
import { and, eq, isNull, notify, type Tx, tables } from "@creel/db";
import { changesOf, recordAudit } from "../audit/record.ts";
import { ownersOf } from "../authz/owners.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { tellPeople } from "../notice/tellPeople.ts";
import { first, stored } from "../stored.ts";
import { supersedeOthers } from "./apply-now.ts";
import { kindOf, type TakenBack } from "./kinds.ts";
import { planNodes } from "./plan.ts";
import { proposeReopening } from "./reopen.ts";
import { type ChangeRow, lockChange, touchesOf, updateChange } from "./row.ts";
import { serializably } from "./transact.ts";

const t = tables.changeReviews;
export type ReviewRow = typeof t.$inferSelect;

/** The look back at a change, held until the transaction ends. The change must be locked. */
export async function lockReview(tx: Tx, change: Pick<ChangeRow, "orgId" | "id">): Promise<ReviewRow | null> {
  const mine = and(eq(t.orgId, change.orgId), eq(t.changeId, change.id));
  return first(await tx.select().from(t).where(mine).for("update"));
}

/** At its end it is over, also where nothing has taken it back yet. */
export const isOver = ({ endedAt, endsAt }: Pick<ReviewRow, "endedAt" | "endsAt">, now: Date): boolean =>
  endedAt !== null || (endsAt !== null && endsAt <= now);

/** Takes back what is over. Asked by the job for that instant and by the sweep. */
export async function endGlassIfDue(ctx: Ctx, due: { orgId: string; changeId: string }): Promise<void> {
  const ended = await serializably(ctx, due.orgId, async (tx) => {
    const change = await lockChange(tx, due);
    const review = await lockReview(tx, change);
    const over = review?.endsAt != null && review.endedAt === null && review.endsAt <= ctx.clock();
    if (over) await takeBack(tx, ctx, { change, review });
    return over;
  });
  if (ended) await planNodes(ctx, due);
}

/** Puts back what was there before, or says why not. Its nodes are owed a plan then. */
export async function takeBack(
  tx: Tx,
  ctx: Ctx,
  { change, review }: { change: ChangeRow; review: ReviewRow },
): Promise<void> {
  const { orgId } = change;
  const kind = kindOf(change.kind);
  const done = await attempt(tx, ctx, change);
  if (done.how === "taken_back" || (done.how === "narrowed" && done.wrote)) {
    const owed = kind.nodes === undefined ? change : await updateChange(tx, change, { plannedAt: null });
    await supersedeOthers(tx, ctx, owed, `“${change.title}” was taken back before it.`);
  }
  const outcome = await outcomeOf(tx, ctx, { change, review, done });
  const set = { endedAt: ctx.clock(), endedHow: outcome.how, endedNote: outcome.note };
  await tx
    .update(t)
    .set(set)
    .where(and(eq(t.orgId, orgId), eq(t.changeId, change.id), isNull(t.endedAt)));
  await recordAudit(tx, ctx, orgId, {
    action: outcome.how === "taken_back" ? "change.takeBack" : "change.leave",
    resource: { kind: "change", id: change.id, label: change.title },
    changes: changesOf("changeReviews", review, { ...review, ...set }),
  });
  await tellPeople(tx, {
    orgId,
    userIds: [
      ...stored<readonly string[]>(review.skipped),
      ...(await ownersOf(tx, { orgId, now: ctx.clock() })),
      review.brokenByUserId,
    ],
    topic: outcome.how === "taken_back" ? "change.takeBack" : "change.leave",
    kind: "change",
    labels: touchesOf(change),
    ...told(change.title, outcome),
    path: `/changes/${outcome.how === "proposed" ? outcome.note : change.id}`,
    at: ctx.clock(),
    channels: true,
  });
  await notify(tx, { orgId, topic: "changes", id: change.id });
}

/** As the review keeps it; of `proposed` the note is the id of the change that waits. */
type Outcome = { how: "taken_back"; note: null } | { how: "left"; note: string } | { how: "proposed"; note: string };

async function outcomeOf(
  tx: Tx,
  ctx: Ctx,
  { change, review, done }: { change: ChangeRow; review: ReviewRow; done: TakenBack<unknown> },
): Promise<Outcome> {
  if (done.how === "taken_back") return { how: "taken_back", note: null };
  if (done.how === "left") return { how: "left", note: done.note };
  const { brokenByUserId } = review;
  const proposed = await proposeReopening(tx, ctx, { change, brokenByUserId, content: done.reopen });
  return "note" in proposed ? { how: "left", note: proposed.note } : { how: "proposed", note: proposed.changeId };
}

const told = (title: string, { how, note }: Outcome): { title: string; text: string } => {
  if (how === "taken_back") return { title: `${title} was taken back`, text: "It was applied by break-glass." };
  return how === "left"
    ? { title: `${title} was applied by break-glass and is still there`, text: `It could not be taken back: ${note}` }
    : {
        title: `What ${title} closed stays closed`,
        text: "It was applied by break-glass, and its time is over. Opening again what it closed waits for approval.",
      };
};

/** What a kind cannot do is left, with its reason; any other error ends the transaction, and the next sweep tries again. */
async function attempt(tx: Tx, ctx: Ctx, change: ChangeRow): Promise<TakenBack<unknown>> {
  const { orgId, id, title, base, result } = change;
  const kind = kindOf(change.kind);
  const { takeBack: put } = kind;
  if (put === undefined) return { how: "left", note: "Nothing takes such a change back. Undo it by another change." };
  const content = kind.contentSchema.parse(change.content);
  try {
    return await tx.transaction((inner) => put(inner, ctx, { orgId, id, title, base, result, content }));
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    return { how: "left", note: error.publicMessage };
  }
}
