import { describeQuorum, describeSteps, refusal } from "@creel/approvals";
import { and, asc, eq, sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { mayAtAll } from "../authz/grant.ts";
import type { ChangeDetail, QuorumView, RuleView, SeatRef, VoteView } from "../changeViews.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first, iso, isoOrNull, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { type Count, type CountedRule, countVotes, partiesOf } from "./count.ts";
import { lastEditorOf } from "./editor.ts";
import { isOver, type ReviewRow } from "./glass.ts";
import { keepersOf } from "./keep.ts";
import { kindOf } from "./kinds.ts";
import { readableChanges } from "./list.ts";
import { namesIn, type OrgNames } from "./names.ts";
import { refusalsFor } from "./refusals.ts";
import { reopenedBy } from "./reopen.ts";
import { type ChangeRow, stateOf } from "./row.ts";
import { reviewsOf, toChangeView } from "./view.ts";

export const getInput = z.strictObject({ changeId: z.uuid() });

/** A change with everything one decides by: what it says, who has voted, what is missing and who could give it. */
export const get = defineVerb({
  name: "change.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "change" },
  input: getInput,
  run: async (ctx, { changeId }): Promise<ChangeDetail> => {
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const row = await readable(tx, ctx.actor, { orgId, changeId });
      const names = await namesIn(tx, orgId);
      const parties = await partiesOf(tx, row);
      // Who votes and who wrote it, the change itself says; whom else there is, only the list of members does.
      const seesMembers = mayAtAll(ctx.actor.grants, "read", "member");
      const review = (await reviewsOf(tx, { orgId, changeIds: [row.id] })).get(row.id) ?? null;
      const counted = await countNow(tx, { row, review, now: ctx.clock() });
      const reopens = await reopenedBy(tx, { orgId, changeId: row.id });
      const votes = await votesOf(tx, row, { counted, names });
      return {
        ...toChangeView(row, review),
        content: row.content,
        base: row.base,
        rules: counted?.rules.map((rule) => ruleView(rule, { names, seesMembers })) ?? [],
        votes,
        reopens,
        lastEditor: await lastEditorOf(tx, row),
        parties: parties.map(({ userId, part }) => ({ person: names.person(userId), part })),
        frozenUntil: isoOrNull(counted?.frozenUntil ?? null),
        refusals: refusalsFor({
          actor: ctx.actor,
          row,
          parties,
          review,
          votes,
          reopens: reopens !== null,
          now: ctx.clock(),
        }),
        result: row.result,
      };
    });
  },
});

export async function readable(
  tx: Tx,
  actor: UserActor | ApiKeyActor,
  where: { orgId: string; changeId: string },
): Promise<ChangeRow> {
  const c = tables.changes;
  const row = first(
    await tx
      .select()
      .from(c)
      .where(and(eq(c.orgId, where.orgId), eq(c.id, where.changeId), readableChanges(actor) ?? sql`true`)),
  );
  if (row === null) throw notFound();
  return row;
}

/** What it waits for: to be applied, or, of what break-glass applied, to be kept. */
async function countNow(
  tx: Tx,
  { row, review, now }: { row: ChangeRow; review: ReviewRow | null; now: Date },
): Promise<Count | null> {
  const kind = kindOf(row.kind);
  if (refusal(stateOf(row), "vote") === null) return await countVotes(tx, { row, kind, now, electorate: "everybody" });
  const over = review === null || review.closedAt !== null || isOver(review, now);
  if (over || review.endsAt === null || kind.endsByItself) return null;
  return await keepersOf(tx, { change: row, review, now, electorate: "everybody" });
}

function ruleView(
  { policyId, name, spec, evaluation }: CountedRule,
  { names, seesMembers }: { names: OrgNames; seesMembers: boolean },
): RuleView {
  return {
    policyId,
    name,
    state: evaluation.state,
    asks: describeSteps(spec.steps, names.of),
    outOfReach: !evaluation.reachable,
    steps: evaluation.steps.map(({ state, quorums }) => ({
      state,
      quorums: quorums.map(({ quorum, filledBy, missing, candidates, inPlaceOf }): QuorumView => {
        const seat = seatIn(inPlaceOf, names);
        return {
          asks: describeQuorum(quorum, names.of),
          filledBy: filledBy.map(seat),
          missing,
          candidates: seesMembers ? candidates.map(seat) : [],
          candidateCount: candidates.length,
        };
      }),
    })),
  };
}

const seatIn =
  (inPlaceOf: Readonly<Record<string, readonly string[]>>, { person }: OrgNames) =>
  (id: string): SeatRef => ({ ...person(id), standsFor: (inPlaceOf[id] ?? []).map((from) => person(from).label) });

const WHY: Readonly<Record<string, string>> = {
  barred: "Who wrote the change, or gains by it, does not count.",
  not_member: "They have left the organization.",
  no_right: "They no longer hold the right to approve this.",
  early: "It came before its step was due; voting again counts.",
  surplus: "Another vote fills that place.",
  not_asked: "No rule asks for them.",
};

async function votesOf(
  tx: Tx,
  row: ChangeRow,
  { counted, names }: { counted: Count | null; names: OrgNames },
): Promise<VoteView[]> {
  const v = tables.changeVotes;
  const rows = await tx
    .select()
    .from(v)
    .where(and(eq(v.orgId, row.orgId), eq(v.changeId, row.id)))
    .orderBy(asc(v.order));
  return rows.map((vote) => {
    const current = vote.digest === row.digest;
    return {
      voter: { id: vote.voterId, label: vote.voter },
      verdict: stored<VoteView["verdict"]>(vote.verdict),
      comment: vote.comment,
      castAt: iso(vote.castAt),
      current,
      uncounted: current && counted !== null ? whyUncounted(counted, vote.voterId) : null,
      standsFor:
        current && counted !== null ? placesFilled(counted, vote.voterId).map((id) => names.person(id).label) : [],
    };
  });
}

/** In whose places a voter sits, of all rules. */
const placesFilled = ({ rules }: Count, voterId: string): string[] => [
  ...new Set(
    rules.flatMap(({ evaluation }) =>
      evaluation.steps.flatMap(({ quorums }) =>
        quorums.flatMap(({ filledBy, inPlaceOf }) => (filledBy.includes(voterId) ? (inPlaceOf[voterId] ?? []) : [])),
      ),
    ),
  ),
];

/** A vote counts where some rule counts it; else the first rule's reason is told. */
function whyUncounted({ rules }: Count, voterId: string): string | null {
  const reasons = rules.map(({ evaluation }) => evaluation.uncounted.find(({ voter }) => voter === voterId)?.why);
  if (reasons.length === 0 || reasons.some((why) => why === undefined)) return null;
  return WHY[reasons[0] ?? ""] ?? null;
}
