import { type ChangeEvent, refusal } from "@creel/approvals";
import type { tables } from "@creel/db";
import type { Action } from "../authz/roles.ts";
import type { Refusable, VoteView } from "../changeViews.ts";
import { type ApiKeyActor, personOf, type UserActor } from "../context.ts";
import { iso } from "../stored.ts";
import { mayOver } from "./authority.ts";
import { isOver } from "./glass.ts";
import { kindOf } from "./kinds.ts";
import { whyNotNow } from "./remind.ts";
import { REOPENS_AS_IT_WAS, wrote } from "./reopen.ts";
import { type ChangeRow, stateOf, touchesOf } from "./row.ts";
import { ENDS_BY_ITSELF } from "./underGlass.ts";
import { barredBecause, VOTES_SIGNED_IN } from "./vote.ts";

interface Asking {
  actor: UserActor | ApiKeyActor;
  row: ChangeRow;
  parties: readonly { userId: string; part: string }[];
  review: typeof tables.changeReviews.$inferSelect | null;
  votes: readonly VoteView[];
  reopens: boolean;
  now: Date;
}

const KEEP_WAITS = "You said so already. It is kept once everybody else whom its rules ask says so too.";

/** Why this one cannot do each of these now, in the words the page's buttons carry. The verbs decide again. */
export function refusalsFor(asking: Asking): Record<Refusable, string | null> {
  const { actor, row, parties, review, votes, reopens, now } = asking;
  const me = personOf(actor);
  const mine = parties.filter(({ userId }) => userId === me);
  const part = mine[0]?.part;
  const over = (event: ChangeEvent): string | null => refusal(stateOf(row), event);
  const right = (action: Action, does: string): string | null =>
    mayOver(actor.grants, { action, on: "change", touches: touchesOf(row) })
      ? null
      : `What you hold does not let you ${does} over everything this touches.`;
  const signedIn = actor.kind === "user";
  const person = signedIn ? null : "A token cannot do this: it is for a person who is signed in.";
  const barred = part === undefined ? null : barredBecause(part);
  const vote = over("vote") ?? (signedIn ? null : VOTES_SIGNED_IN) ?? barred ?? right("approve", "approve changes");
  const reviewOver =
    review === null ? "Nobody broke the glass for it." : review.closedAt ? "The review is closed." : null;
  const took =
    barred ?? (review?.brokenByUserId === me ? "You broke the glass, so somebody else looks back at it." : null);
  const gone =
    review !== null && isOver(review, now)
      ? "Its time is over."
      : kindOf(row.kind).endsByItself
        ? ENDS_BY_ITSELF
        : null;
  const said = votes.some(
    ({ voter, verdict, castAt, current }) =>
      voter.id === me && verdict === "approve" && current && review !== null && castAt >= iso(review.openedAt),
  );
  return {
    approve: vote,
    reject: vote,
    edit: over("edit") ?? (reopens ? REOPENS_AS_IT_WAS : null) ?? right("update", "edit changes"),
    withdraw:
      over("withdraw") ??
      right("delete", "withdraw changes") ??
      (mine.some(wrote) ? null : right("approve", "withdraw the changes of others")),
    apply: row.state === "approved" ? right("apply", "apply changes") : (over("apply") ?? "It is not approved yet."),
    breakGlass:
      over("break_glass") ?? kindOf(row.kind).neverByGlass ?? person ?? right("break_glass", "break the glass"),
    remind: whyNotNow(row, now) ?? right("update", "remind others"),
    keep: reviewOver ?? person ?? took ?? gone ?? (said ? KEEP_WAITS : null) ?? right("approve", "approve changes"),
    closeReview: reviewOver ?? person ?? took ?? right("approve", "approve changes"),
  };
}
