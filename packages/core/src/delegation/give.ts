/**
 * Threat: votes are lent to somebody who may not vote, to two persons at once, for ever, or by a key.
 * Invariant: a person who may approve lends their place in the rules to one member who may approve, for a time that ends. It gives
 * no right: `standing.ts` of the rules says what a lent place is worth.
 */
import { and, eq, isNull, lte, newId, notify, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { grantsOfMembers } from "../authz/grantsOfMembers.ts";
import { lockPeople } from "../authz/people.ts";
import { namesIn } from "../change/names.ts";
import { instantSchema } from "../change/submit.ts";
import type { DelegationView } from "../changeViews.ts";
import { CreelError, forbidden, notFound } from "../errors/errors.ts";
import { tellPeople } from "../notice/tellPeople.ts";
import { first, toTheMinute } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { activeIn } from "./active.ts";
import { DELEGATION_DAYS_MAX, REASON_CHARS_MAX, REASON_CHARS_MIN } from "./limits.ts";
import { mayVoteAnywhere } from "./may.ts";
import { toDelegationView } from "./view.ts";

export const giveInput = z.strictObject({
  toUserId: z.uuid(),
  until: instantSchema,
  reason: z.string().trim().min(REASON_CHARS_MIN).max(REASON_CHARS_MAX),
});

const DAY_MS = 24 * 60 * 60 * 1000;
const d = tables.approvalDelegations;

export const give = defineVerb({
  name: "delegation.give",
  kind: "mutation",
  gate: { by: "person", action: "approve", on: "change" },
  proof: true,
  input: giveInput,
  run: async (ctx, { toUserId, until, reason }): Promise<DelegationView> => {
    const { actor } = ctx;
    if (actor.kind !== "user")
      throw new CreelError("forbidden", "A token cannot lend votes: a person who is signed in does.");
    const { orgId, userId: fromUserId } = actor;
    const now = ctx.clock();
    if (until <= now || until.getTime() > now.getTime() + DELEGATION_DAYS_MAX * DAY_MS)
      throw new CreelError("invalid_input", `until: lies ahead, by ${DELEGATION_DAYS_MAX} days at most.`);
    if (toUserId === fromUserId) throw new CreelError("invalid_input", "toUserId: is yourself.");
    return await withOrg(ctx.db, orgId, async (tx) => {
      await lockPeople(tx, orgId);
      await expectVoters(tx, { orgId, fromUserId, toUserId, now });
      await endPast(tx, { orgId, fromUserId, now });
      const standing = first(
        await tx
          .select()
          .from(d)
          .where(and(activeIn({ orgId, now }), eq(d.fromUserId, fromUserId))),
      );
      if (standing !== null)
        throw new CreelError("conflict", "You have lent your votes already, and to one person only. End that first.");
      const row = { orgId, id: newId(now), fromUserId, toUserId, reason, createdAt: now, until, endedAt: null };
      await tx.insert(d).values(row);
      const { person } = await namesIn(tx, orgId);
      await recordAudit(tx, ctx, orgId, {
        action: "delegation.give",
        resource: { kind: "delegation", id: row.id, label: `${actor.email} to ${person(toUserId).label}` },
        changes: changesOf("approvalDelegations", null, row),
      });
      await tellPeople(tx, {
        orgId,
        userIds: [toUserId],
        topic: "delegation.give",
        kind: "change",
        labels: [],
        title: `${actor.email} lent you their votes`,
        text: `Until ${toTheMinute(until)}, in the rules that name them, their roles or their teams. Reason: ${reason}`,
        path: "/settings/delegations",
        at: now,
        channels: true,
        own: true,
      });
      await notify(tx, { orgId, topic: "changes" });
      return toDelegationView(row, person);
    });
  },
});

/** Both may approve something at this moment, however narrow: over what a change touches is asked when votes are counted. */
async function expectVoters(
  tx: Tx,
  { orgId, fromUserId, toUserId, now }: { orgId: string; fromUserId: string; toUserId: string; now: Date },
): Promise<void> {
  const grants = await grantsOfMembers(tx, { orgId, userIds: [fromUserId, toUserId], now });
  if (!mayVoteAnywhere(grants.get(fromUserId) ?? [])) throw forbidden();
  // Who may approve nothing and who is not there are the same: votes lend no right, and only those who may vote are named.
  if (!mayVoteAnywhere(grants.get(toUserId) ?? [])) throw notFound();
}

/** One whose time is over is ended, so that at most one of a person is open. */
async function endPast(tx: Tx, of: { orgId: string; fromUserId: string; now: Date }): Promise<void> {
  await tx
    .update(d)
    .set({ endedAt: of.now })
    .where(and(eq(d.orgId, of.orgId), eq(d.fromUserId, of.fromUserId), isNull(d.endedAt), lte(d.until, of.now)));
}
