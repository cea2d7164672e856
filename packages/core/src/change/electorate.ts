/**
 * Threat: a vote that counts by rights its giver had when voting and has no longer.
 * Invariant: persons are read in the transaction that counts, and whoever takes a right away meanwhile waits for it to end, or
 * makes it begin again.
 */
import type { Labels, Person } from "@creel/approvals";
import { and, eq, inArray, isNull, or, type SQL, type Tx, tables } from "@creel/db";
import { type Grant, scopeCovers } from "../authz/grant.ts";
import { grantsOfMembers } from "../authz/grantsOfMembers.ts";

const { memberships: m, roleGrants: g, teamMembers: tm, teams, customRoles: r } = tables;

interface Where {
  orgId: string;
  userIds: readonly string[];
}

/** Members among these, with what they hold over everything that the change touches. */
export async function personsOf(tx: Tx, where: Where & { now: Date; touches: readonly Labels[] }): Promise<Person[]> {
  const grants = await grantsOfMembers(tx, where);
  const teamed = await teamsOf(tx, where);
  return [...grants].map(([id, held]) => {
    const over = heldOver(held, where.touches);
    const teamIds = teamed.filter(({ userId }) => userId === id).map(({ teamId }) => teamId);
    return { id, teams: teamIds, ...over, mayApprove: over.permissions.includes("change:approve") };
  });
}

async function teamsOf(tx: Tx, { orgId, userIds }: Where): Promise<{ userId: string; teamId: string }[]> {
  if (userIds.length === 0) return [];
  return await tx
    .select({ userId: tm.userId, teamId: tm.teamId })
    .from(tm)
    .innerJoin(teams, and(eq(teams.orgId, tm.orgId), eq(teams.id, tm.teamId), isNull(teams.removedAt)))
    .where(and(eq(tm.orgId, orgId), inArray(tm.userId, [...userIds])));
}

/** Roles and permissions that hold over every single thing touched; where nothing labelled is touched, over the whole org. */
export function heldOver(
  grants: readonly Grant[],
  touches: readonly Labels[],
): { roles: string[]; permissions: string[] } {
  const whole = grants.filter(({ scope }) => scope === null);
  const covering =
    touches.length === 0 ? [whole] : touches.map((labels) => grants.filter(({ scope }) => scopeCovers(scope, labels)));
  const everywhere = (of: (grant: Grant) => Iterable<string>): string[] => {
    const [first = new Set<string>(), ...rest] = covering.map(
      (each) => new Set(each.flatMap((grant) => [...of(grant)])),
    );
    return [...first].filter((name) => rest.every((names) => names.has(name)));
  };
  return { roles: everywhere(({ role }) => [role]), permissions: everywhere(({ permissions }) => permissions) };
}

/** Holds the rows by which these persons have their rights, until this transaction ends. */
export async function lockRights(tx: Tx, { orgId, userIds }: Where): Promise<void> {
  if (userIds.length === 0) return;
  const ids = [...userIds].sort();
  await tx
    .select({ userId: m.userId })
    .from(m)
    .where(and(eq(m.orgId, orgId), inArray(m.userId, ids)))
    .orderBy(m.userId)
    .for("share");
  const teamed = await tx
    .select({ teamId: tm.teamId })
    .from(tm)
    .where(and(eq(tm.orgId, orgId), inArray(tm.userId, ids)))
    .orderBy(tm.teamId, tm.userId)
    .for("share");
  const teamIds = [...new Set(teamed.map(({ teamId }) => teamId))].sort();
  if (teamIds.length > 0)
    await tx
      .select({ id: teams.id })
      .from(teams)
      .where(and(eq(teams.orgId, orgId), inArray(teams.id, teamIds)))
      .orderBy(teams.id)
      .for("share");
  await lockGrants(tx, orgId, or(inArray(g.userId, ids), teamIds.length > 0 ? inArray(g.teamId, teamIds) : undefined));
}

/** The same for a service account. */
export async function lockRightsOfAccount(tx: Tx, of: { orgId: string; serviceAccountId: string }): Promise<void> {
  const s = tables.serviceAccounts;
  const { orgId, serviceAccountId } = of;
  await tx
    .select({ id: s.id })
    .from(s)
    .where(and(eq(s.orgId, orgId), eq(s.id, serviceAccountId)))
    .for("share");
  await lockGrants(tx, orgId, eq(g.serviceAccountId, serviceAccountId));
}

async function lockGrants(tx: Tx, orgId: string, mine: SQL | undefined): Promise<void> {
  const granted = await tx
    .select({ customRoleId: g.customRoleId })
    .from(g)
    .where(and(eq(g.orgId, orgId), isNull(g.endedAt), mine))
    .orderBy(g.id)
    .for("share");
  const roleIds = [...new Set(granted.flatMap(({ customRoleId }) => customRoleId ?? []))].sort();
  if (roleIds.length > 0)
    await tx
      .select({ id: r.id })
      .from(r)
      .where(and(eq(r.orgId, orgId), inArray(r.id, roleIds)))
      .orderBy(r.id)
      .for("share");
}
