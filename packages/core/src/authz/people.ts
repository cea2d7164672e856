import { and, eq, gt, inArray, isNull, or, sql, type Tx, tables } from "@creel/db";
import { CreelError } from "../errors/errors.ts";
import { grantsOf } from "./grantsOf.ts";
import { changesNothing } from "./roles.ts";

/**
 * Threat: two acts at once, each fine alone, that together leave an org without an owner or make an auditor an operator.
 * Invariant: whatever changes who holds what takes this lock first and, after it wrote, asks `expectSound` in the same
 * transaction. The lock is a row that is counted up, and no advisory one: a serialisable transaction reads as of its beginning, and
 * one that waited here is begun again instead of judging by what others have changed meanwhile.
 */
export async function lockPeople(tx: Tx, orgId: string): Promise<void> {
  const t = tables.peopleRevisions;
  await tx
    .insert(t)
    .values({ orgId, revision: 1 })
    .onConflictDoUpdate({ target: t.orgId, set: { revision: sql`${t.revision} + 1` } });
}

/** Asked after the write: the touched people hold nothing that excludes each other, and somebody still owns the org. */
export async function expectSound(tx: Tx, of: { orgId: string; userIds: readonly string[]; now: Date }): Promise<void> {
  for (const userId of of.userIds) await expectSeparated(tx, { orgId: of.orgId, userId, now: of.now });
  await expectOwner(tx, of);
}

/** An auditor looks at what others do; whoever could also do it would look at themselves. */
async function expectSeparated(tx: Tx, who: { orgId: string; userId: string; now: Date }): Promise<void> {
  const grants = await grantsOf(tx, who);
  if (!grants.some(({ role }) => role === "auditor")) return;
  const acting = grants.find(({ permissions }) => [...permissions].some((permission) => !changesNothing(permission)));
  if (acting === undefined) return;
  const through = acting.via === null ? "" : ` through the team ${acting.via}`;
  throw new CreelError(
    "conflict",
    `An auditor changes nothing: nobody can hold auditor and ${acting.role}${through} at once. End one of them first.`,
  );
}

async function expectOwner(tx: Tx, { orgId }: { orgId: string }): Promise<void> {
  const { roleGrants: g, memberships: m, users: u, teamMembers: tm } = tables;
  const owners = await tx
    .select({ userId: u.id })
    .from(m)
    .innerJoin(u, and(eq(u.id, m.userId), isNull(u.disabledAt)))
    .leftJoin(tm, and(eq(tm.orgId, m.orgId), eq(tm.userId, m.userId)))
    .innerJoin(
      g,
      and(
        eq(g.orgId, m.orgId),
        or(eq(g.userId, m.userId), eq(g.teamId, tm.teamId)),
        eq(g.role, "owner"),
        isNull(g.scope),
        isNull(g.endedAt),
        // An owner until Friday is none on Saturday.
        isNull(g.expiresAt),
      ),
    )
    .where(eq(m.orgId, orgId))
    .limit(1);
  if (owners.length === 0)
    throw new CreelError("conflict", "The last owner stays: make somebody else an owner for good first.");
}

/** Ends sign-ins in this org. Open streams hear of it by the audit row of whatever ended them. */
export async function endSessions(
  tx: Tx,
  of: { orgId: string; userIds: readonly string[]; now: Date },
): Promise<number> {
  if (of.userIds.length === 0) return 0;
  const t = tables.sessions;
  const ended = await tx
    .update(t)
    .set({ revokedAt: of.now })
    .where(and(eq(t.orgId, of.orgId), inArray(t.userId, [...of.userIds]), isNull(t.revokedAt), gt(t.expiresAt, of.now)))
    .returning({ id: t.id });
  return ended.length;
}

/** Whom a grant reaches: one person, or the team's people. */
export async function reachedBy(
  tx: Tx,
  grant: { orgId: string; userId: string | null; teamId: string | null },
): Promise<string[]> {
  if (grant.userId !== null) return [grant.userId];
  if (grant.teamId === null) return [];
  const t = tables.teamMembers;
  const rows = await tx
    .select({ userId: t.userId })
    .from(t)
    .where(and(eq(t.orgId, grant.orgId), eq(t.teamId, grant.teamId)));
  return rows.map(({ userId }) => userId);
}
