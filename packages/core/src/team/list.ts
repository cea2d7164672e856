import { and, asc, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { grantsOfTeam } from "../authz/grantsOf.ts";
import { toHeldGrant } from "../authz/heldGrant.ts";
import { PAGE_MAX } from "../limits.ts";
import type { TeamView } from "../peopleViews.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "team.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "team" },
  input: listInput,
  run: async (ctx): Promise<{ items: TeamView[] }> => {
    const { orgId } = ctx.actor;
    const { teams: t, teamMembers: tm, users: u } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const teams = await tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
        .orderBy(asc(t.name))
        .limit(PAGE_MAX);
      const people = await tx
        .select({ teamId: tm.teamId, userId: u.id, email: u.email })
        .from(tm)
        .innerJoin(u, eq(u.id, tm.userId))
        .where(eq(tm.orgId, orgId))
        .orderBy(asc(u.email));
      const items: TeamView[] = [];
      for (const { id, name, createdAt } of teams)
        items.push({
          id,
          name,
          members: people.filter(({ teamId }) => teamId === id).map(({ userId, email }) => ({ userId, email })),
          grants: (await grantsOfTeam(tx, { orgId, teamId: id, now })).map(toHeldGrant),
          createdAt: iso(createdAt),
        });
      return { items };
    });
  },
});
