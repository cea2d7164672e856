import { and, eq, gt, isNull, or, type SQL, type Tx, tables } from "@creel/db";
import { stored, storedOrNull } from "../stored.ts";
import type { Grant, Scope } from "./grant.ts";
import { isRole, type Permission, permissions, rolePermissions } from "./roles.ts";

const { roleGrants: g, customRoles: r, teams, teamMembers, memberships, users, serviceAccounts } = tables;

export const columns = {
  id: g.id,
  role: g.role,
  scope: g.scope,
  expiresAt: g.expiresAt,
  customName: r.name,
  customPermissions: r.permissions,
  customRemovedAt: r.removedAt,
};
export const customRole = and(eq(r.orgId, g.orgId), eq(r.id, g.customRoleId));
export const inForce = (now: Date) => and(isNull(g.endedAt), or(isNull(g.expiresAt), gt(g.expiresAt, now)));

interface Row {
  id: string;
  role: string | null;
  scope: unknown;
  expiresAt: Date | null;
  customName: string | null;
  customPermissions: unknown;
  customRemovedAt: Date | null;
  via: string | null;
}

/**
 * The grants of a person in an org at this moment, their own and their teams'. Who is no member, or is disabled, has none.
 * A vote counts by these, read in the transaction that counts.
 */
export async function grantsOf(tx: Tx, who: { orgId: string; userId: string; now: Date }): Promise<Grant[]> {
  const { orgId, userId, now } = who;
  const isMember = and(eq(memberships.orgId, g.orgId), eq(memberships.userId, userId));
  const active = and(eq(users.id, memberships.userId), isNull(users.disabledAt));
  const of = (mine: SQL | undefined) => and(eq(g.orgId, orgId), mine, inForce(now));
  const own = await tx
    .select(columns)
    .from(g)
    .innerJoin(memberships, isMember)
    .innerJoin(users, active)
    .leftJoin(r, customRole)
    .where(of(eq(g.userId, userId)))
    .orderBy(g.createdAt, g.id);
  const teamed = await tx
    .select({ ...columns, via: teams.name })
    .from(g)
    .innerJoin(memberships, isMember)
    .innerJoin(users, active)
    .innerJoin(teamMembers, and(eq(teamMembers.orgId, g.orgId), eq(teamMembers.teamId, g.teamId)))
    .innerJoin(teams, and(eq(teams.orgId, g.orgId), eq(teams.id, g.teamId), isNull(teams.removedAt)))
    .leftJoin(r, customRole)
    .where(of(eq(teamMembers.userId, userId)))
    .orderBy(g.createdAt, g.id);
  return [...own.map((row) => ({ ...row, via: null })), ...teamed].flatMap(toGrant);
}

/** The grants of a service account at this moment; a disabled one has none. */
export async function grantsOfServiceAccount(
  tx: Tx,
  who: { orgId: string; serviceAccountId: string; now: Date },
): Promise<Grant[]> {
  const { orgId, serviceAccountId, now } = who;
  const rows = await tx
    .select(columns)
    .from(g)
    .innerJoin(
      serviceAccounts,
      and(
        eq(serviceAccounts.orgId, g.orgId),
        eq(serviceAccounts.id, g.serviceAccountId),
        isNull(serviceAccounts.disabledAt),
      ),
    )
    .leftJoin(r, customRole)
    .where(and(eq(g.orgId, orgId), eq(g.serviceAccountId, serviceAccountId), inForce(now)))
    .orderBy(g.createdAt, g.id);
  return rows.map((row) => ({ ...row, via: null })).flatMap(toGrant);
}

/** What a team gives to whoever is in it. */
export async function grantsOfTeam(tx: Tx, of: { orgId: string; teamId: string; now: Date }): Promise<Grant[]> {
  const rows = await tx
    .select(columns)
    .from(g)
    .leftJoin(r, customRole)
    .where(and(eq(g.orgId, of.orgId), eq(g.teamId, of.teamId), inForce(of.now)))
    .orderBy(g.createdAt, g.id);
  return rows.map((row) => ({ ...row, via: null })).flatMap(toGrant);
}

/** Every grant in force that names this custom role. */
export async function grantsOfCustomRole(tx: Tx, of: { orgId: string; roleId: string; now: Date }) {
  return await tx
    .select({ orgId: g.orgId, userId: g.userId, teamId: g.teamId, scope: g.scope, expiresAt: g.expiresAt })
    .from(g)
    .where(and(eq(g.orgId, of.orgId), eq(g.customRoleId, of.roleId), inForce(of.now)));
}

export function toGrant(row: Row): Grant[] {
  const shared = { grantId: row.id, scope: storedOrNull<Scope>(row.scope), via: row.via, expiresAt: row.expiresAt };
  if (row.role !== null)
    return isRole(row.role) ? [{ ...shared, role: row.role, permissions: rolePermissions(row.role) }] : [];
  if (row.customName === null || row.customRemovedAt !== null) return [];
  return [{ ...shared, role: row.customName, permissions: knownPermissions(row.customPermissions) }];
}

const known: ReadonlySet<string> = new Set(permissions);
/** Names that this version does not know open nothing. */
export const knownPermissions = (value: unknown): ReadonlySet<Permission> =>
  new Set(stored<readonly Permission[]>(value).filter((permission) => known.has(permission)));
