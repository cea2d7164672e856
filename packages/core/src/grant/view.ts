import { and, desc, eq, gt, isNull, or, type Tx, tables } from "@creel/db";
import type { Scope } from "../authz/grant.ts";
import { PAGE_MAX } from "../limits.ts";
import type { GrantView } from "../peopleViews.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";

const { roleGrants: g, customRoles: r, users: u, teams: t, serviceAccounts: s } = tables;

/** Newest first; without `past`, those in force. */
export async function grantViews(
  tx: Tx,
  query: { orgId: string; grantId?: string | undefined; past: boolean; now: Date },
): Promise<GrantView[]> {
  const rows = await tx
    .select({ grant: g, custom: r.name, email: u.email, team: t.name, serviceAccount: s.name })
    .from(g)
    .leftJoin(r, and(eq(r.orgId, g.orgId), eq(r.id, g.customRoleId)))
    .leftJoin(u, eq(u.id, g.userId))
    .leftJoin(t, and(eq(t.orgId, g.orgId), eq(t.id, g.teamId)))
    .leftJoin(s, and(eq(s.orgId, g.orgId), eq(s.id, g.serviceAccountId)))
    .where(
      and(
        eq(g.orgId, query.orgId),
        query.grantId === undefined ? undefined : eq(g.id, query.grantId),
        query.past ? undefined : and(isNull(g.endedAt), or(isNull(g.expiresAt), gt(g.expiresAt, query.now))),
      ),
    )
    .orderBy(desc(g.createdAt), desc(g.id))
    .limit(PAGE_MAX);
  return rows.map(({ grant, custom, email, team, serviceAccount }) => ({
    id: grant.id,
    subject: subjectOf(grant, { email, team, serviceAccount }),
    role: grant.role ?? custom ?? "",
    roleId: grant.role ?? grant.customRoleId ?? "",
    scope: storedOrNull<Scope>(grant.scope),
    reason: grant.reason,
    grantedBy: grant.grantedBy,
    createdAt: iso(grant.createdAt),
    expiresAt: isoOrNull(grant.expiresAt),
    endedAt: isoOrNull(grant.endedAt),
    endedBy: grant.endedBy,
  }));
}

function subjectOf(
  grant: typeof g.$inferSelect,
  names: { email: string | null; team: string | null; serviceAccount: string | null },
): GrantView["subject"] {
  if (grant.userId !== null) return { kind: "user", id: grant.userId, label: names.email ?? "somebody who left" };
  if (grant.teamId !== null) return { kind: "team", id: grant.teamId, label: names.team ?? "" };
  return { kind: "service_account", id: grant.serviceAccountId ?? "", label: names.serviceAccount ?? "" };
}
