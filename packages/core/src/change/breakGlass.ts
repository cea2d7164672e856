/**
 * Threat: an emergency becomes the ordinary way, and nobody hears of it.
 * Invariant: breaking the glass is a person's, with a right of its own and a reason; it writes down everybody who was passed
 * over and tells them, and opens a review that only somebody who took no part in it can close. It applies what the digest names
 * and no more, for a time: `glass.ts` takes it back.
 */
import { refusal } from "@creel/approvals";
import { type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { ownersOf } from "../authz/owners.ts";
import type { ChangeMoved } from "../changeViews.ts";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { tellPeople } from "../notice/tellPeople.ts";
import { defineVerb } from "../verb.ts";
import { applyNow } from "./apply-now.ts";
import { authorizeOver } from "./authority.ts";
import { countVotes } from "./count.ts";
import { kindOf } from "./kinds.ts";
import {
  COMMENT_CHARS_MAX,
  GLASS_HOURS_DEFAULT,
  GLASS_HOURS_MAX,
  REASON_CHARS_MIN,
  REVIEW_DUE_HOURS,
} from "./limits.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { type ChangeRow, digestOfChange, lockChange, stateOf, touchesOf, updateChange } from "./row.ts";
import { surveyed } from "./survey.ts";
import { serializably } from "./transact.ts";
import { expectBreakable } from "./underGlass.ts";
import { wakeAtEnd } from "./wake.ts";

export const breakGlassInput = z.strictObject({
  changeId: z.uuid(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  reason: z.string().trim().min(REASON_CHARS_MIN).max(COMMENT_CHARS_MAX),
  /** For so long; then it is taken back, unless somebody else keeps it before. */
  hours: z.number().int().min(1).max(GLASS_HOURS_MAX).default(GLASS_HOURS_DEFAULT),
});

const HOUR_MS = 60 * 60 * 1000;

/** Applies a waiting change at once, without its approvals. */
export const breakGlass = defineVerb({
  name: "change.breakGlass",
  kind: "mutation",
  gate: { by: "person", action: "break_glass", on: "change" },
  proof: true,
  input: breakGlassInput,
  run: async (ctx, input): Promise<ChangeMoved> => {
    const { actor } = ctx;
    const { orgId } = actor;
    if (actor.kind !== "user")
      throw new CreelError("forbidden", "Only a person who is signed in breaks the glass, not an API token.");
    const { row, endsAt } = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor: held } = await asTheyStand(tx, ctx, { action: "break_glass", on: "change" });
      authorizeOver(held, { action: "break_glass", on: "change", touches: touchesOf(change) });
      const over = refusal(stateOf(change), "break_glass");
      if (over !== null) throw new CreelError("conflict", over);
      if (change.digest !== input.digest || digestOfChange(change) !== change.digest)
        throw new CreelError("conflict", "The change was edited since you looked at it. Look again before you decide.");
      await expectBreakable({ tx, orgId, now: ctx.clock() }, change);
      const kind = kindOf(change.kind);
      const now = ctx.clock();
      const found = await surveyed({ tx, orgId, now }, kind, kind.contentSchema.parse(change.content));
      if (digestOf(found.base) !== change.baseDigest)
        throw new CreelError(
          "conflict",
          "What the change stands on has moved since. Propose it again on what is there.",
        );
      const fresh = await updateChange(tx, change, { touches: found.touches, risk: found.risk });
      authorizeOver(held, { action: "break_glass", on: "change", touches: found.touches });
      const counted = await countVotes(tx, { row: fresh, kind, now, electorate: "everybody" });
      const skipped = [
        ...new Set(
          counted.rules.flatMap(({ evaluation }) =>
            evaluation.steps.flatMap(({ quorums }) => quorums.flatMap(({ candidates }) => candidates)),
          ),
        ),
      ].filter((id) => id !== actor.userId);
      const endsAt = new Date(now.getTime() + input.hours * HOUR_MS);
      const applied = await applyNow(tx, ctx, fresh, { event: "break_glass", set: {}, endsAt });
      if (applied.state === "applied")
        await openReview(tx, ctx, applied, { userId: actor.userId, reason: input.reason, skipped, endsAt });
      return { row: applied, endsAt };
    });
    if (row.state === "applied") await wakeAtEnd(ctx, row, endsAt);
    const planIds = row.state === "applied" ? await planNodes(ctx, { orgId, changeId: row.id }) : [];
    return { changeId: row.id, state: stateOf(row), reason: row.endedReason, planIds };
  },
});

async function openReview(
  tx: Tx,
  ctx: Ctx,
  row: ChangeRow,
  by: { userId: string; reason: string; skipped: readonly string[]; endsAt: Date },
): Promise<void> {
  const now = ctx.clock();
  const review = {
    orgId: row.orgId,
    changeId: row.id,
    reason: by.reason,
    brokenByUserId: by.userId,
    brokenBy: describeActor(ctx.actor).label,
    skipped: by.skipped,
    openedAt: now,
    dueAt: new Date(now.getTime() + REVIEW_DUE_HOURS * HOUR_MS),
    endsAt: by.endsAt,
  };
  await tx.insert(tables.changeReviews).values(review);
  await recordAudit(tx, ctx, row.orgId, {
    action: "change.breakGlass",
    resource: { kind: "change", id: row.id, label: row.title },
    changes: changesOf("changeReviews", null, review),
  });
  await tellPassedOver(tx, row, { ...review, at: now });
}

/** Everybody who could have decided, and every owner, by whatever they have and in the product until they saw it. */
async function tellPassedOver(
  tx: Tx,
  row: ChangeRow,
  review: {
    brokenByUserId: string;
    brokenBy: string;
    reason: string;
    skipped: readonly string[];
    endsAt: Date;
    at: Date;
  },
): Promise<void> {
  const { orgId } = row;
  const owners = await ownersOf(tx, { orgId, now: review.at });
  await tellPeople(tx, {
    orgId,
    userIds: [...review.skipped, ...owners].filter((id) => id !== review.brokenByUserId),
    topic: "change.breakGlass",
    kind: "change",
    labels: touchesOf(row),
    title: `${row.title} was applied without you`,
    text: `${review.brokenBy} broke the glass: ${review.reason}`,
    facts: [{ label: "ends", value: review.endsAt.toISOString() }],
    path: `/changes/${row.id}`,
    at: review.at,
    channels: true,
  });
}
