import { and, desc, eq, gt, isNull, or, type Tx, tables } from "@creel/db";
import type { Scope } from "../authz/grant.ts";
import type { Permission, Role } from "../authz/roles.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";
import type { TokenView } from "../views.ts";
import { familyOf, lineageOf } from "./family.ts";

const { apiTokens: t, users: u, serviceAccounts: s } = tables;

export async function tokenViews(
  tx: Tx,
  query: { orgId: string; tokenId?: string | undefined; ownerUserId?: string | undefined; now: Date },
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
  const endsWith = await endingWith(tx, query);
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
    endsWithIt: endsWith(token.id),
    createdAt: iso(token.createdAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    expiresAt: isoOrNull(token.expiresAt),
    revokedAt: isoOrNull(token.revokedAt),
  }));
}

/** As `revoke` counts: what is over already ends with nothing. */
async function endingWith(
  tx: Tx,
  { orgId, now }: { orgId: string; now: Date },
): Promise<(tokenId: string) => TokenView["endsWithIt"]> {
  const lineage = await lineageOf(tx, orgId);
  const rows = await tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.revokedAt), or(isNull(t.expiresAt), gt(t.expiresAt, now))));
  const working = new Set(rows.map(({ id }) => id));
  return (tokenId) => {
    const { kin, made } = familyOf(lineage, tokenId);
    const count = (ids: ReadonlySet<string>): number =>
      [...ids].filter((id) => id !== tokenId && working.has(id)).length;
    return { rotated: count(kin), made: count(made) };
  };
}
