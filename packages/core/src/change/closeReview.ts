import { and, eq, isNull, notify, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { partiesOf } from "./count.ts";
import { isOver, lockReview, takeBack } from "./glass.ts";
import { keepIsComplete } from "./keep.ts";
import { kindOf } from "./kinds.ts";
import { COMMENT_CHARS_MAX, REASON_CHARS_MIN } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { lockChange, touchesOf } from "./row.ts";
import { serializably } from "./transact.ts";
import { ENDS_BY_ITSELF } from "./underGlass.ts";

export const closeReviewInput = z.strictObject({
  changeId: z.uuid(),
  /**
   * `keep`: what was applied stays, once all have said so whom its rules ask; `justified`: it was right then, and still ends; `undo`:
   * it is taken back now. Neither its end nor `undo` opens what it closed: that becomes a change, which waits.
   */
  verdict: z.enum(["keep", "justified", "undo"]),
  note: z.string().trim().min(REASON_CHARS_MIN).max(COMMENT_CHARS_MAX),
});

/** Closes the look back at a broken glass: an approver's, and never of whoever broke it or wrote the change. */
export const closeReview = defineVerb({
  name: "change.closeReview",
  kind: "mutation",
  gate: { by: "person", action: "approve", on: "change" },
  proof: true,
  input: closeReviewInput,
  run: async (ctx, input): Promise<{ changeId: string; closed: boolean }> => {
    const { actor } = ctx;
    const { orgId } = actor;
    if (actor.kind !== "user") throw new CreelError("forbidden", "A review is closed by a person who is signed in.");
    const closed = await serializably(ctx, orgId, async (tx) => {
      const t = tables.changeReviews;
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor: held } = await asTheyStand(tx, ctx, { action: "approve", on: "change" });
      authorizeOver(held, { action: "approve", on: "change", touches: touchesOf(change) });
      const open = and(eq(t.orgId, orgId), eq(t.changeId, change.id), isNull(t.closedAt));
      const review = await lockReview(tx, change);
      if (review === null || review.closedAt !== null) throw notFound();
      const took = (await partiesOf(tx, change)).some(({ userId }) => userId === actor.userId);
      if (took || review.brokenByUserId === actor.userId)
        throw new CreelError("forbidden", "You took part in this, so somebody else looks back at it.");
      const now = ctx.clock();
      const over = isOver(review, now);
      if (input.verdict === "keep" && over)
        throw new CreelError(
          "conflict",
          "Its time is over: nothing is there to keep. Propose it as a change of its own.",
        );
      if (input.verdict === "keep" && kindOf(change.kind).endsByItself)
        throw new CreelError("conflict", ENDS_BY_ITSELF);
      if (
        input.verdict === "keep" &&
        !(await keepIsComplete(tx, { ...ctx, actor }, { change, review, note: input.note }))
      ) {
        await notify(tx, { orgId, topic: "changes", id: change.id });
        return false;
      }
      const kept = input.verdict === "keep" && review.endsAt !== null ? { endedAt: now, endedHow: "kept" } : {};
      const set = {
        ...kept,
        closedAt: now,
        closedByUserId: actor.userId,
        closedBy: describeActor(actor).label,
        verdict: input.verdict,
        note: input.note,
      };
      await tx.update(t).set(set).where(open);
      await recordAudit(tx, ctx, orgId, {
        action: "change.closeReview",
        resource: { kind: "change", id: change.id, label: change.title },
        changes: changesOf("changeReviews", review, { ...review, ...set }),
      });
      if (input.verdict === "undo" && review.endsAt !== null && review.endedAt === null)
        await takeBack(tx, ctx, { change, review: { ...review, ...set, endedAt: null, endedHow: null } });
      await notify(tx, { orgId, topic: "changes", id: change.id });
      return true;
    });
    if (input.verdict === "undo") await planNodes(ctx, { orgId, changeId: input.changeId });
    return { changeId: input.changeId, closed };
  },
});
