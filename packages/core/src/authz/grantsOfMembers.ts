import { and, eq, inArray, isNull, type Tx, tables } from "@creel/db";
import type { Grant } from "./grant.ts";
import { columns, customRole, inForce, toGrant } from "./grantsOf.ts";

const { roleGrants: g, customRoles: r, teams, teamMembers: tm, memberships: m, users: u } = tables;

/** `grantsOf` for many at once. Who is no member, or is disabled, is not in the answer. */
export async function grantsOfMembers(
  tx: Tx,
  of: { orgId: string; userIds: readonly string[]; now: Date },
): Promise<ReadonlyMap<string, Grant[]>> {
  const { orgId, userIds, now } = of;
  if (userIds.length === 0) return new Map();
  const members = await tx
    .select({ userId: m.userId })
    .from(m)
    .innerJoin(u, and(eq(u.id, m.userId), isNull(u.disabledAt)))
    .where(and(eq(m.orgId, orgId), inArray(m.userId, [...userIds])));
  const grants = new Map<string, Grant[]>(members.map(({ userId }) => [userId, []]));
  const own = await tx
    .select({ ...columns, userId: g.userId })
    .from(g)
    .leftJoin(r, customRole)
    .where(and(eq(g.orgId, orgId), inArray(g.userId, [...userIds]), inForce(now)));
  const teamed = await tx
    .select({ ...columns, userId: tm.userId, via: teams.name })
    .from(g)
    .innerJoin(tm, and(eq(tm.orgId, g.orgId), eq(tm.teamId, g.teamId)))
    .innerJoin(teams, and(eq(teams.orgId, g.orgId), eq(teams.id, g.teamId), isNull(teams.removedAt)))
    .leftJoin(r, customRole)
    .where(and(eq(g.orgId, orgId), inArray(tm.userId, [...userIds]), inForce(now)));
  for (const { userId, ...row } of [...own.map((row) => ({ ...row, via: null })), ...teamed])
    if (userId !== null) grants.get(userId)?.push(...toGrant(row));
  return grants;
}
