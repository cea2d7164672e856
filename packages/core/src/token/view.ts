import { and, desc, eq, type Tx, tables } from "@creel/db";
import type { Scope } from "../authz/grant.ts";
import type { Permission, Role } from "../authz/roles.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";
import type { TokenView } from "../views.ts";

const { apiTokens: t, users: u, serviceAccounts: s } = tables;

export async function tokenViews(
  tx: Tx,
  query: { orgId: string; tokenId?: string | undefined; ownerUserId?: string | undefined },
): Promise<TokenView[]> {
  const rows = await tx
    .select({ token: t, email: u.email, serviceAccount: s.name })
    .from(t)
    .leftJoin(u, eq(u.id, t.ownerUserId))
    .leftJoin(s, and(eq(s.orgId, t.orgId), eq(s.id, t.ownerServiceAccountId)))
    .where(
      and(
        eq(t.orgId, query.orgId),
        query.tokenId === undefined ? undefined : eq(t.id, query.tokenId),
        query.ownerUserId === undefined ? undefined : eq(t.ownerUserId, query.ownerUserId),
      ),
    )
    .orderBy(desc(t.id))
    .limit(PAGE_MAX);
  return rows.map(({ token, email, serviceAccount }) => ({
    id: token.id,
    name: token.name,
    owner:
      token.ownerUserId === null
        ? { kind: "service_account", id: token.ownerServiceAccountId ?? "", label: serviceAccount ?? "" }
        : // Who left the organization is not shown to it any more; the key is dead with them.
          { kind: "user", id: token.ownerUserId, label: email ?? "somebody who left" },
    role: storedOrNull<Role>(token.role),
    permissions: storedOrNull<Permission[]>(token.permissions),
    scope: storedOrNull<Scope>(token.scope),
    prefix: token.prefix,
    rotatedFrom: token.rotatedFrom,
    createdAt: iso(token.createdAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    expiresAt: isoOrNull(token.expiresAt),
    revokedAt: isoOrNull(token.revokedAt),
  }));
}
