import { and, eq, isNull, notify, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { partiesOf } from "./count.ts";
import { COMMENT_CHARS_MAX, REASON_CHARS_MIN } from "./limits.ts";
import { lockChange, touchesOf } from "./row.ts";
import { serializably } from "./transact.ts";

export const closeReviewInput = z.strictObject({
  changeId: z.uuid(),
  /** `justified`, or `undo`: then what was done is to be taken back by a change of its own. */
  verdict: z.enum(["justified", "undo"]),
  note: z.string().trim().min(REASON_CHARS_MIN).max(COMMENT_CHARS_MAX),
});

/** Closes the look back at a broken glass: an approver's, and never of whoever broke it or wrote the change. */
export const closeReview = defineVerb({
  name: "change.closeReview",
  kind: "mutation",
  gate: { by: "person", action: "approve", on: "change" },
  proof: true,
  input: closeReviewInput,
  run: async (ctx, input): Promise<{ changeId: string; closed: true }> => {
    const { actor } = ctx;
    const { orgId } = actor;
    if (actor.kind !== "user") throw new CreelError("forbidden", "A review is closed by a person who is signed in.");
    await serializably(ctx, orgId, async (tx) => {
      const t = tables.changeReviews;
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      authorizeOver(actor, { action: "approve", on: "change", touches: touchesOf(change) });
      const open = and(eq(t.orgId, orgId), eq(t.changeId, change.id), isNull(t.closedAt));
      const review = first(await tx.select().from(t).where(open).for("update"));
      if (review === null) throw notFound();
      const took = (await partiesOf(tx, change)).some(({ userId }) => userId === actor.userId);
      if (took || review.brokenByUserId === actor.userId)
        throw new CreelError("forbidden", "You took part in this, so somebody else looks back at it.");
      const set = {
        closedAt: ctx.clock(),
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
      await notify(tx, { orgId, topic: "changes", id: change.id });
    });
    return { changeId: input.changeId, closed: true };
  },
});
