import { and, eq, inArray, isNotNull, isNull, ne, sql, type Tx, tables } from "@creel/db";

const { sessions: s, users: u, identityDomains: d, memberships: m } = tables;

/** Ends what a provider began. Open streams hear of it by the audit row of whatever ended them. */
export async function endSignInsOf(
  tx: Tx,
  { orgId, providerId, now }: { orgId: string; providerId: string; now: Date },
): Promise<number> {
  const ended = await tx
    .update(s)
    .set({ revokedAt: now })
    .where(and(eq(s.orgId, orgId), eq(s.identityProviderId, providerId), isNull(s.revokedAt)))
    .returning({ id: s.id });
  return ended.length;
}

/** Ends what passwords began of those whom the provider speaks for, but for the one who may still use theirs. */
export async function endPasswordSignIns(
  tx: Tx,
  { orgId, exceptUserId, now }: { orgId: string; exceptUserId: string; now: Date },
): Promise<number> {
  const people = await tx
    .select({ id: u.id })
    .from(m)
    .innerJoin(u, eq(u.id, m.userId))
    .innerJoin(d, and(eq(d.orgId, m.orgId), eq(d.domain, sql`split_part(${u.email}, '@', 2)`)))
    .where(and(eq(m.orgId, orgId), isNotNull(d.verifiedAt), isNull(d.removedAt), ne(u.id, exceptUserId)));
  if (people.length === 0) return 0;
  const ids = people.map(({ id }) => id);
  const ended = await tx
    .update(s)
    .set({ revokedAt: now })
    .where(and(eq(s.orgId, orgId), inArray(s.userId, ids), isNull(s.identityProviderId), isNull(s.revokedAt)))
    .returning({ id: s.id });
  return ended.length;
}
