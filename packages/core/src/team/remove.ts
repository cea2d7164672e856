import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { endSessions, expectSound, reachedBy } from "../authz/people.ts";
import { defineVerb } from "../verb.ts";
import { findTeam } from "./find.ts";
import { expectMaySeat } from "./reviewers.ts";

export const removeInput = z.strictObject({ teamId: z.uuid() });

/** Its grants end with it, and the sign-ins of whoever held them. The row stays: grants of the past name it. */
export const remove = defineVerb({
  name: "team.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "team" },
  input: removeInput,
  run: async (ctx, { teamId }): Promise<{ sessionsEnded: number }> => {
    const { orgId } = ctx.actor;
    const { teams: t, teamMembers: tm, roleGrants: g } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "delete", on: "team" });
      const team = await findTeam(tx, { orgId, teamId });
      await expectMaySeat(tx, actor, { orgId, teamId });
      const lost = await grantsOfTeam(tx, { orgId, teamId, now });
      expectHolds(actor, lost);
      const userIds = await reachedBy(tx, { orgId, userId: null, teamId });
      await tx
        .update(g)
        .set({ endedAt: now, endedBy: describeActor(ctx.actor).label })
        .where(and(eq(g.orgId, orgId), eq(g.teamId, teamId), isNull(g.endedAt)));
      await tx.delete(tm).where(and(eq(tm.orgId, orgId), eq(tm.teamId, teamId)));
      await tx
        .update(t)
        .set({ removedAt: now })
        .where(and(eq(t.orgId, orgId), eq(t.id, teamId)));
      await expectSound(tx, { orgId, userIds: [], now });
      const sessionsEnded = lost.length === 0 ? 0 : await endSessions(tx, { orgId, userIds, now });
      await recordAudit(tx, ctx, orgId, {
        action: "team.remove",
        resource: { kind: "team", id: teamId, label: team.name },
        changes: {
          removedAt: { to: now.toISOString() },
          grantsEnded: { to: lost.length },
          sessionsEnded: { to: sessionsEnded },
        },
      });
      return { sessionsEnded };
    });
  },
});
