import { and, asCaller, eq, inArray, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { boundGrants, type Grant, type Scope } from "../authz/grant.ts";
import { grantsOf, grantsOfServiceAccount, knownPermissions } from "../authz/grantsOf.ts";
import { isRole, type Permission, rolePermissions } from "../authz/roles.ts";
import { callerOfKey } from "../caller.ts";
import type { ApiKeyActor } from "../context.ts";
import { apiTokenPrefix, hashToken } from "../secrets/tokens.ts";
import { first, storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { TOUCH_INTERVAL_MS } from "./limits.ts";

export const resolveApiTokenInput = z.strictObject({ token: z.string().max(256) });

type Row = typeof tables.apiTokens.$inferSelect;

/**
 * Threat: a key that outlives the rights of whoever made it. Invariant: a key may do what its owner may at this moment, and of
 * that only what the key names; the key of somebody who holds nothing any more is no key.
 */
export const resolveApiToken = defineVerb({
  name: "auth.resolveApiToken",
  kind: "query",
  gate: { by: "open" },
  input: resolveApiTokenInput,
  run: async (ctx, input): Promise<ApiKeyActor | null> => {
    if (apiTokenPrefix(input.token) === null) return null;
    const t = tables.apiTokens;
    const now = ctx.clock();
    const row = await withSystem(ctx.db, async (tx) => {
      const found = first(
        await tx
          .select()
          .from(t)
          .where(eq(t.tokenHash, hashToken(input.token))),
      );
      if (found === null || found.revokedAt !== null) return null;
      if (found.expiresAt !== null && found.expiresAt <= now) return null;
      if (found.lastUsedAt === null || now.getTime() - found.lastUsedAt.getTime() > TOUCH_INTERVAL_MS)
        await touchToken(tx, { orgId: found.orgId, id: found.id, now });
      return found;
    });
    const owner = row === null ? null : ownerOf(row);
    if (row === null || owner === null) return null;
    const { orgId } = row;
    const [held, ownerLabel] = await asCaller(callerOfKey(row.id), () =>
      withOrg(ctx.db, orgId, async (tx) => [
        await heldBy(tx, { orgId, owner, now }),
        await ownerLabelOf(tx, orgId, owner),
      ]),
    );
    if (held.length === 0) return null;
    const grants = boundGrants(held, {
      permissions: boundOf(row),
      scope: storedOrNull<Scope>(row.scope),
      expiresAt: row.expiresAt,
    });
    return { kind: "apiKey", tokenId: row.id, orgId, grants, name: row.name, owner, ownerLabel };
  },
});

/** As a session's: being known waits for no row, and a change that a key makes holds its own. */
async function touchToken(tx: Tx, { orgId, id, now }: { orgId: string; id: string; now: Date }): Promise<void> {
  const t = tables.apiTokens;
  const free = tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.id, id)))
    .for("no key update", { skipLocked: true });
  await tx
    .update(t)
    .set({ lastUsedAt: now })
    .where(and(eq(t.orgId, orgId), inArray(t.id, free)));
}

export function ownerOf(row: Pick<Row, "ownerUserId" | "ownerServiceAccountId">): ApiKeyActor["owner"] | null {
  if (row.ownerUserId !== null) return { kind: "user", id: row.ownerUserId };
  return row.ownerServiceAccountId === null ? null : { kind: "service_account", id: row.ownerServiceAccountId };
}

/** Who has grants is a member, or an account of this org, and so has a name here. */
async function ownerLabelOf(tx: Tx, orgId: string, owner: ApiKeyActor["owner"]): Promise<string> {
  const { users: u, serviceAccounts: s } = tables;
  const rows =
    owner.kind === "user"
      ? await tx.select({ label: u.email }).from(u).where(eq(u.id, owner.id))
      : await tx
          .select({ label: s.name })
          .from(s)
          .where(and(eq(s.orgId, orgId), eq(s.id, owner.id)));
  return rows[0]?.label ?? owner.id;
}

export async function heldBy(
  tx: Tx,
  { orgId, owner, now }: { orgId: string; owner: ApiKeyActor["owner"]; now: Date },
): Promise<Grant[]> {
  return owner.kind === "user"
    ? await grantsOf(tx, { orgId, userId: owner.id, now })
    : await grantsOfServiceAccount(tx, { orgId, serviceAccountId: owner.id, now });
}

/** What the key itself allows at most. */
export function boundOf(row: Pick<Row, "role" | "permissions">): ReadonlySet<Permission> {
  if (row.role === null) return row.permissions === null ? new Set() : knownPermissions(row.permissions);
  return isRole(row.role) ? rolePermissions(row.role) : new Set();
}
