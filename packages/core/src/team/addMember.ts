import { tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { expectSound } from "../authz/people.ts";
import { expectUnselected } from "../grant/selected.ts";
import { defineVerb } from "../verb.ts";
import { findMember, findTeam } from "./find.ts";
import { expectMaySeat } from "./reviewers.ts";

export const addMemberInput = z.strictObject({ teamId: z.uuid(), userId: z.uuid() });

/** Gives a person all that the team holds, and its place in rules of approval: whoever adds them must hold both too. */
export const addMember = defineVerb({
  name: "team.addMember",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "team" },
  proof: true,
  input: addMemberInput,
  run: async (ctx, { teamId, userId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "update", on: "team" });
      const team = await findTeam(tx, { orgId, teamId });
      const { email } = await findMember(tx, { orgId, userId });
      await expectMaySeat(tx, actor, { orgId, teamId });
      const given = await grantsOfTeam(tx, { orgId, teamId, now });
      expectHolds(actor, given);
      await expectUnselected({ tx, orgId, now }, given, "Give the person those roles instead of the team's.");
      await tx.insert(tables.teamMembers).values({ orgId, teamId, userId, createdAt: now }).onConflictDoNothing();
      await expectSound(tx, { orgId, userIds: [userId], now });
      await recordAudit(tx, ctx, orgId, {
        action: "team.addMember",
        resource: { kind: "team", id: teamId, label: team.name },
        changes: { member: { to: email } },
      });
    });
    return { ok: true };
  },
});
