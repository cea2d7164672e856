import { tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { expectSound, lockPeople } from "../authz/people.ts";
import { defineVerb } from "../verb.ts";
import { findMember, findTeam } from "./find.ts";

export const addMemberInput = z.strictObject({ teamId: z.uuid(), userId: z.uuid() });

/** Gives a person all that the team holds: whoever adds them must hold it too. */
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
      await lockPeople(tx, orgId);
      const team = await findTeam(tx, { orgId, teamId });
      const { email } = await findMember(tx, { orgId, userId });
      expectHolds(ctx.actor, await grantsOfTeam(tx, { orgId, teamId, now }));
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
