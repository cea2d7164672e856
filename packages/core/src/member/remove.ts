import { and, eq, isNull, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { endSessions, expectSound } from "../authz/people.ts";
import { notFound } from "../errors/errors.ts";
import { revokeSentBy } from "../invitation/sender.ts";
import { first } from "../stored.ts";
import { endKeys } from "../token/endKeys.ts";
import { defineVerb } from "../verb.ts";

export const removeInput = z.strictObject({ userId: z.uuid() });

/**
 * Ends everything a person has in this org, in one transaction: grants, teams, sign-ins, open invitations they sent, and with
 * the membership every key of theirs and every key that those made. Their account and what they are in other orgs stays.
 */
export const remove = defineVerb({
  name: "member.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "member" },
  input: removeInput,
  run: async (ctx, { userId }): Promise<{ sessionsEnded: number; keysEnded: number }> => {
    const { orgId } = ctx.actor;
    const { memberships: m, users: u, roleGrants: g, apiTokens: k } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "delete", on: "member" });
      const mine = and(eq(m.orgId, orgId), eq(m.userId, userId));
      const found = first(await tx.select({ email: u.email }).from(m).innerJoin(u, eq(u.id, m.userId)).where(mine));
      if (found === null) throw notFound();
      if (!(ctx.actor.kind === "user" && ctx.actor.userId === userId))
        expectHolds(actor, await grantsOf(tx, { orgId, userId, now }));
      const sessionsEnded = await endSessions(tx, { orgId, userIds: [userId], now });
      const keys = await tx
        .update(k)
        .set({ revokedAt: now })
        .where(and(eq(k.orgId, orgId), eq(k.ownerUserId, userId), isNull(k.revokedAt)))
        .returning({ id: k.id });
      const keysOfOthers = await endKeys(tx, ctx, { orgId, roots: eq(k.ownerUserId, userId), made: "end", now });
      const keysEnded = keys.length + keysOfOthers;
      const grants = await tx
        .update(g)
        .set({ endedAt: now, endedBy: describeActor(ctx.actor).label })
        .where(and(eq(g.orgId, orgId), eq(g.userId, userId), isNull(g.endedAt)))
        .returning({ id: g.id });
      const invitationsRevoked = await revokeSentBy(tx, { orgId, sender: { kind: "user", id: userId }, now });
      await deleteMembership(tx, { orgId, userId });
      await expectSound(tx, { orgId, userIds: [], now });
      await recordAudit(tx, ctx, orgId, {
        action: "member.remove",
        resource: { kind: "member", id: userId, label: found.email },
        changes: {
          member: { from: found.email },
          grantsEnded: { to: grants.length },
          sessionsEnded: { to: sessionsEnded },
          keysEnded: { to: keysEnded },
          invitationsRevoked: { to: invitationsRevoked },
        },
      });
      return { sessionsEnded, keysEnded };
    });
  },
});

/** Teams and sessions go with it, by their foreign keys. */
async function deleteMembership(tx: Tx, { orgId, userId }: { orgId: string; userId: string }): Promise<void> {
  const m = tables.memberships;
  await tx.delete(m).where(and(eq(m.orgId, orgId), eq(m.userId, userId)));
}
