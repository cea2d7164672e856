import { and, desc, eq, inArray, type SQL, sql, type Tx, tables } from "@creel/db";
import type { Scope } from "../authz/grant.ts";
import type { Permission, Role } from "../authz/roles.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, storedOrNull } from "../stored.ts";
import type { TokenView } from "../views.ts";
import { type Birth, type WorkingKey, workAt, workingKeys } from "./family.ts";

const { apiTokens: t, users: u, serviceAccounts: s } = tables;

interface Query {
  orgId: string;
  tokenId?: string | undefined;
  ownerUserId?: string | undefined;
  now: Date;
}

export async function tokenViews(tx: Tx, query: Query): Promise<TokenView[]> {
  const working = await workingKeys(tx, query.orgId, query.now);
  const rows = await keysOf(tx, query, working);
  const endsWith = endingWith(working);
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
    endsWithIt: endsWith(token),
    createdAt: iso(token.createdAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    expiresAt: isoOrNull(token.expiresAt),
    revokedAt: isoOrNull(token.revokedAt),
  }));
}

/** What works comes before what is over, however much of that there is; shown as they were made, the newest first. */
async function keysOf(tx: Tx, query: Query, working: readonly WorkingKey[]) {
  const select = async (which: SQL, limit: number) =>
    await tx
      .select({ token: t, email: u.email, serviceAccount: s.name })
      .from(t)
      .leftJoin(u, eq(u.id, t.ownerUserId))
      .leftJoin(s, and(eq(s.orgId, t.orgId), eq(s.id, t.ownerServiceAccountId)))
      .where(
        and(
          eq(t.orgId, query.orgId),
          query.tokenId === undefined ? undefined : eq(t.id, query.tokenId),
          query.ownerUserId === undefined ? undefined : eq(t.ownerUserId, query.ownerUserId),
          which,
        ),
      )
      .orderBy(desc(t.id))
      .limit(limit);
  const ids = working
    .filter(({ ownerUserId }) => query.ownerUserId === undefined || ownerUserId === query.ownerUserId)
    .map(({ id }) => id)
    .filter((id) => query.tokenId === undefined || id === query.tokenId)
    .sort()
    .slice(-PAGE_MAX);
  const atWork = await select(inArray(t.id, ids), PAGE_MAX);
  const room = PAGE_MAX - atWork.length;
  const over = room === 0 ? [] : await select(sql`not ${workAt(query.orgId, query.now)}`, room);
  return [...atWork, ...over].sort((a, b) => (a.token.id < b.token.id ? 1 : -1));
}

/** As `revoke` counts: what is over already ends with nothing. */
function endingWith(working: readonly WorkingKey[]): (key: Birth & { id: string }) => TokenView["endsWithIt"] {
  const kin = new Map<string, Set<string>>();
  const made = new Map<string, number>();
  for (const key of working) {
    kin.set(key.kinId, (kin.get(key.kinId) ?? new Set()).add(key.id));
    for (const maker of key.makerKinIds) made.set(maker, (made.get(maker) ?? 0) + 1);
  }
  return ({ id, kinId }) => {
    const alike = kin.get(kinId);
    // A key is of its own kin.
    return { rotated: (alike?.size ?? 0) - (alike?.has(id) === true ? 1 : 0), made: made.get(kinId) ?? 0 };
  };
}
