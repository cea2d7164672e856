/**
 * Threat: one approver makes stay for good what took more than one, or somebody else, to allow.
 * Invariant: what opened anything is kept by the votes that would have applied it, counted by the rules and rights of this moment, with
 * whoever broke the glass left out. Before they are complete it ends like any other.
 */
import type { Tx } from "@creel/db";
import type { Ctx, UserActor } from "../context.ts";
import { castVote } from "./cast.ts";
import { type Count, countVotes } from "./count.ts";
import type { ReviewRow } from "./glass.ts";
import { kindOf } from "./kinds.ts";
import type { ChangeRow } from "./row.ts";

interface Held {
  change: ChangeRow;
  review: ReviewRow;
}

/** Whether somebody's "keep" is the last that it takes. Where it takes more, it is a vote for the change as it was applied. */
export async function keepIsComplete(
  tx: Tx,
  ctx: Ctx<UserActor>,
  { change, review, note }: Held & { note: string },
): Promise<boolean> {
  if (!(await asksForVotes(tx, ctx, change))) return true;
  const voted = await castVote(tx, ctx, change, { verdict: "approve", comment: note });
  const counted = await keepersOf(tx, { change: voted, review, now: ctx.clock(), electorate: "voters" });
  return counted.state === "satisfied";
}

/** What allowed nothing new is kept by whoever closes the review, as its end would not undo it either. */
async function asksForVotes(tx: Tx, ctx: Ctx, change: ChangeRow): Promise<boolean> {
  const { orgId, id, title, base, result } = change;
  const kind = kindOf(change.kind);
  const content = kind.contentSchema.parse(change.content);
  const at = { tx, orgId, now: ctx.clock() };
  return (await kind.opened?.(at, { orgId, id, title, base, result, content })) ?? true;
}

/** Who has said that it stays, and who else must. */
export const keepersOf = async (
  tx: Tx,
  { change, review, now, electorate }: Held & { now: Date; electorate: "voters" | "everybody" },
): Promise<Count> =>
  await countVotes(tx, {
    row: change,
    kind: kindOf(change.kind),
    now,
    electorate,
    barred: [review.brokenByUserId],
  });
