import { and, desc, eq, type Tx, tables } from "@creel/db";
import type { Scope } from "../authz/grant.ts";
import type { Permission, Role } from "../authz/roles.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";
import type { TokenView } from "../views.ts";
import { type Family, familiesOf, lineageOf } from "./family.ts";
import { workingKeys } from "./own.ts";

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
  const familyOf = familiesOf(await lineageOf(tx, orgId));
  const working = await workingKeys(tx, orgId, now);
  const count = (ids: ReadonlySet<string>): number => [...ids].filter((id) => working.has(id)).length;
  const counted = new Map<Family, { kin: number; made: number }>();
  return (tokenId) => {
    const family = familyOf(tokenId);
    const { kin, made } = counted.get(family) ?? { kin: count(family.kin), made: count(family.made) };
    counted.set(family, { kin, made });
    // A key is of its own kin.
    return { rotated: working.has(tokenId) ? kin - 1 : kin, made };
  };
}
