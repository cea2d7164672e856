import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";

/** A team of the org that was not removed. */
export async function findTeam(
  tx: Tx,
  { orgId, teamId }: { orgId: string; teamId: string },
): Promise<{ name: string }> {
  const t = tables.teams;
  const row = first(
    await tx
      .select({ name: t.name })
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, teamId), isNull(t.removedAt))),
  );
  if (row === null) throw notFound();
  return row;
}

export async function findMember(
  tx: Tx,
  { orgId, userId }: { orgId: string; userId: string },
): Promise<{ email: string }> {
  const { memberships: m, users: u } = tables;
  const row = first(
    await tx
      .select({ email: u.email })
      .from(m)
      .innerJoin(u, eq(u.id, m.userId))
      .where(and(eq(m.orgId, orgId), eq(m.userId, userId))),
  );
  if (row === null) throw notFound();
  return row;
}
