/**
 * Threat: a change is applied that is no longer what was approved, or on something that has moved.
 * Invariant: a change is applied here and nowhere else (but for breaking the glass, which is `apply-now.ts` without the count), by
 * the transaction that holds its row, after content, base, labels, risk and votes were read again in it.
 */
import type { ChangeState } from "@creel/approvals";
import type { Tx } from "@creel/db";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { applyNow } from "./apply-now.ts";
import { type Count, countVotes } from "./count.ts";
import { move } from "./end.ts";
import { kindOf } from "./kinds.ts";
import { type ChangeRow, digestOfChange, stateOf, updateChange } from "./row.ts";
import { surveyed } from "./survey.ts";

const waiting: ReadonlySet<ChangeState> = new Set(["open", "approved"]);

/** Looks at a waiting change as it stands now and moves it as far as it goes. The row must be locked. */
export async function settle(
  tx: Tx,
  ctx: Ctx,
  given: ChangeRow,
  { fresh }: { fresh?: boolean } = {},
): Promise<ChangeRow> {
  if (!waiting.has(stateOf(given))) return given;
  const now = ctx.clock();
  // What is approved waits for its time only, with rights that are counted again then.
  if (given.state === "open" && now >= given.expiresAt)
    return await move(tx, ctx, given, {
      event: "expire",
      action: "change.expire",
      reason: "Its time to live ran out.",
    });
  const row = await stillAsApproved(tx, ctx, given);
  if (!waiting.has(stateOf(row))) return row;
  const counted = await countVotes(tx, { row, kind: kindOf(row.kind), now, electorate: "voters", fresh });
  if (counted.state === "rejected")
    return await move(tx, ctx, row, { event: "reject", action: "change.reject", reason: "A reviewer rejected it." });
  if (counted.state === "open") {
    if (row.state === "open") return row;
    return await move(tx, ctx, row, { event: "lapse", action: "change.lapse" });
  }
  const approved = row.state === "open" ? await approve(tx, ctx, row, counted) : row;
  if ((approved.applyAt !== null && now < approved.applyAt) || counted.frozenUntil !== null) return approved;
  const wouldBlock = counted.wouldBlock.map(({ policyId, name }) => ({ policyId, name }));
  return await applyNow(tx, ctx, approved, { event: "apply", set: { wouldBlock } });
}

/** What its author did alone nobody approved, and no audit row says so. */
async function approve(tx: Tx, ctx: Ctx, row: ChangeRow, counted: Count): Promise<ChangeRow> {
  return counted.alone
    ? await updateChange(tx, row, { state: "approved" })
    : await move(tx, ctx, row, { event: "approve", action: "change.approve" });
}

/** Superseded when what it stands on has moved; labels and risk are those of this moment. */
async function stillAsApproved(tx: Tx, ctx: Ctx, row: ChangeRow): Promise<ChangeRow> {
  const kind = kindOf(row.kind);
  const content = kind.contentSchema.parse(row.content);
  // The row is all that says what was approved; one whose content was exchanged beneath the votes is not it.
  if (digestOfChange(row) !== row.digest)
    return await move(tx, ctx, row, {
      event: "supersede",
      action: "change.supersede",
      reason: "Its content is not what its digest says.",
    });
  try {
    const found = await surveyed({ tx, orgId: row.orgId, now: ctx.clock() }, kind, content);
    if (digestOf(found.base) === row.baseDigest)
      return await updateChange(tx, row, { touches: found.touches, risk: found.risk });
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
  }
  return await move(tx, ctx, row, {
    event: "supersede",
    action: "change.supersede",
    reason: "What it stands on has changed since.",
  });
}
