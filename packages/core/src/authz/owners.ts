import { and, eq, isNull, or, type Tx, tables } from "@creel/db";
import { inForce } from "./grantsOf.ts";

/** Who owns the org at this moment, by themselves or through a team. */
export async function ownersOf(tx: Tx, { orgId, now }: { orgId: string; now: Date }): Promise<string[]> {
  const { roleGrants: g, memberships: m, users: u, teamMembers: tm, teams: t } = tables;
  const rows = await tx
    .selectDistinct({ userId: m.userId })
    .from(m)
    .innerJoin(u, and(eq(u.id, m.userId), isNull(u.disabledAt)))
    .leftJoin(tm, and(eq(tm.orgId, m.orgId), eq(tm.userId, m.userId)))
    .leftJoin(t, and(eq(t.orgId, tm.orgId), eq(t.id, tm.teamId), isNull(t.removedAt)))
    .innerJoin(
      g,
      and(
        eq(g.orgId, m.orgId),
        or(eq(g.userId, m.userId), eq(g.teamId, t.id)),
        eq(g.role, "owner"),
        isNull(g.scope),
        inForce(now),
      ),
    )
    .where(eq(m.orgId, orgId));
  return rows.map(({ userId }) => userId);
}
