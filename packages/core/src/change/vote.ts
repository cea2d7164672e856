/**
 * Threat: somebody votes in another person's name, with a key of theirs that was lent, leaked or handed out anew.
 * Invariant: only a person who is signed in votes, once, for the digest they saw, and not for what they had a part in.
 */
import { refusal } from "@creel/approvals";
import { z } from "zod";
import type { ChangeMoved } from "../changeViews.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { castVote } from "./cast.ts";
import { partiesOf } from "./count.ts";
import { COMMENT_CHARS_MAX } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { BROKE_GLASS } from "./reopen.ts";
import { lockChange, stateOf, touchesOf } from "./row.ts";
import { settle } from "./settle.ts";
import { serializably } from "./transact.ts";

export const voteInput = z.strictObject({
  changeId: z.uuid(),
  /** Of the change as the voter saw it: a vote for anything else is refused. */
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  verdict: z.enum(["approve", "reject"]),
  comment: z.string().max(COMMENT_CHARS_MAX).default(""),
});

/** A person's vote for one digest of a change. Voting again replaces the vote and takes a new place. */
export const vote = defineVerb({
  name: "change.vote",
  kind: "mutation",
  gate: { by: "person", action: "approve", on: "change" },
  proof: true,
  input: voteInput,
  run: async (ctx, input): Promise<ChangeMoved> => {
    const { actor } = ctx;
    // A key shows that somebody has it, and not who.
    if (actor.kind !== "user") throw new CreelError("forbidden", VOTES_SIGNED_IN);
    const { orgId, userId: voterId } = actor;
    const row = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor: held } = await asTheyStand(tx, ctx, { action: "approve", on: "change" });
      authorizeOver(held, { action: "approve", on: "change", touches: touchesOf(change) });
      const over = refusal(stateOf(change), "vote");
      if (over !== null) throw new CreelError("conflict", over);
      if (change.digest !== input.digest)
        throw new CreelError(
          "conflict",
          "The change was edited since you looked at it. Look again before you decide.",
          {
            details: { digest: change.digest },
          },
        );
      const mine = (await partiesOf(tx, change)).find(({ userId }) => userId === voterId);
      if (mine !== undefined) throw new CreelError("forbidden", barredBecause(mine.part));
      const { verdict, comment } = input;
      const counted = await castVote(tx, { ...ctx, actor }, change, { verdict, comment });
      return await settle(tx, ctx, counted);
    });
    const planIds = row.state === "applied" ? await planNodes(ctx, { orgId, changeId: row.id }) : [];
    return { changeId: row.id, state: stateOf(row), reason: row.endedReason, planIds };
  },
});

export const VOTES_SIGNED_IN = "A token cannot vote: an approval is given by a person who is signed in.";

/** Why this person never counts for this change. */
export function barredBecause(part: string): string {
  if (part === BROKE_GLASS)
    return "You had a part in what break-glass applied, so somebody else decides about undoing it.";
  if (part === "favoured") return "The change gives you something, so somebody else decides it.";
  return part === "author"
    ? "You proposed this change, yourself or by a key of yours; somebody else decides it."
    : "You edited this change, so somebody else decides it.";
}
