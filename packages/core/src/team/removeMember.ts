import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { endSessions, expectSound } from "../authz/people.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { findMember, findTeam } from "./find.ts";
import { expectMaySeat } from "./reviewers.ts";

export const removeMemberInput = z.strictObject({ teamId: z.uuid(), userId: z.uuid() });

export const removeMember = defineVerb({
  name: "team.removeMember",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "team" },
  input: removeMemberInput,
  run: async (ctx, { teamId, userId }): Promise<{ sessionsEnded: number }> => {
    const { orgId } = ctx.actor;
    const t = tables.teamMembers;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "update", on: "team" });
      const team = await findTeam(tx, { orgId, teamId });
      const { email } = await findMember(tx, { orgId, userId });
      await expectMaySeat(tx, actor, { orgId, teamId });
      const lost = await grantsOfTeam(tx, { orgId, teamId, now });
      expectHolds(actor, lost);
      const gone = await tx
        .delete(t)
        .where(and(eq(t.orgId, orgId), eq(t.teamId, teamId), eq(t.userId, userId)))
        .returning({ userId: t.userId });
      if (gone.length === 0) throw notFound();
      await expectSound(tx, { orgId, userIds: [], now });
      // A team that held nothing takes nothing away.
      const sessionsEnded = lost.length === 0 ? 0 : await endSessions(tx, { orgId, userIds: [userId], now });
      await recordAudit(tx, ctx, orgId, {
        action: "team.removeMember",
        resource: { kind: "team", id: teamId, label: team.name },
        changes: { member: { from: email }, sessionsEnded: { to: sessionsEnded } },
      });
      return { sessionsEnded };
    });
  },
});
