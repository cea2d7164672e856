import { and, asc, eq, isNull, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { grantsOf } from "../authz/grantsOf.ts";
import { toHeldGrant } from "../authz/heldGrant.ts";
import { PAGE_MAX } from "../limits.ts";
import type { MemberView } from "../peopleViews.ts";
import { iso, isoOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "member.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "member" },
  input: listInput,
  run: async (ctx): Promise<{ items: MemberView[] }> => {
    const { orgId } = ctx.actor;
    const { memberships: m, users: u, sessions: s, teams: t, teamMembers: tm } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await tx
        .select({
          userId: u.id,
          email: u.email,
          name: u.name,
          joinedAt: m.createdAt,
          disabledAt: u.disabledAt,
          lastSeenAt: sql<Date | null>`max(${s.lastUsedAt})`.mapWith(s.lastUsedAt),
        })
        .from(m)
        .innerJoin(u, eq(u.id, m.userId))
        .leftJoin(s, and(eq(s.orgId, m.orgId), eq(s.userId, m.userId)))
        .where(eq(m.orgId, orgId))
        .groupBy(u.id, u.email, u.name, m.createdAt, u.disabledAt)
        .orderBy(asc(u.email))
        .limit(PAGE_MAX);
      const teams = await tx
        .select({ userId: tm.userId, id: t.id, name: t.name })
        .from(tm)
        .innerJoin(t, and(eq(t.orgId, tm.orgId), eq(t.id, tm.teamId), isNull(t.removedAt)))
        .where(eq(tm.orgId, orgId))
        .orderBy(asc(t.name));
      const items: MemberView[] = [];
      for (const { userId, email, name, joinedAt, disabledAt, lastSeenAt } of rows)
        items.push({
          userId,
          email,
          name,
          joinedAt: iso(joinedAt),
          disabled: disabledAt !== null,
          grants: (await grantsOf(tx, { orgId, userId, now })).map(toHeldGrant),
          teams: teams.filter((team) => team.userId === userId).map(({ id, name: team }) => ({ id, name: team })),
          lastSeenAt: isoOrNull(lastSeenAt),
        });
      return { items };
    });
  },
});
