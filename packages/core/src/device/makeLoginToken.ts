import { newId, type Tx, tables } from "@creel/db";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Role } from "../authz/roles.ts";
import type { Ctx, UserActor } from "../context.ts";
import { apiTokenPrefix, hashToken, makeApiToken } from "../secrets/tokens.ts";
import { iso } from "../stored.ts";
import { expectRoomForKeys } from "../token/own.ts";

const HOUR_MS = 60 * 60 * 1000;

/** A key like any other of the person's, with an end, that ends besides with their sign-ins. Under the caller's `lockPeople`. */
export async function makeLoginToken(
  tx: Tx,
  ctx: Ctx<UserActor>,
  { hostName, role, hours }: { hostName: string; role: Role; hours: number },
): Promise<{ token: string; tokenId: string; expiresAt: string }> {
  const { orgId, userId, email } = ctx.actor;
  const now = ctx.clock();
  const token = makeApiToken();
  const expiresAt = new Date(now.getTime() + hours * HOUR_MS);
  const id = newId(now);
  const row = {
    orgId,
    id,
    name: `login on ${hostName}`,
    ownerUserId: userId,
    ownerServiceAccountId: null,
    role,
    permissions: null,
    scope: null,
    prefix: apiTokenPrefix(token) ?? "",
    tokenHash: hashToken(token),
    rotatedFrom: null,
    kinId: id,
    makerKinIds: [],
    isLogin: true,
    createdBy: email,
    createdAt: now,
    lastUsedAt: null,
    expiresAt,
    revokedAt: null,
  };
  await tx.insert(tables.apiTokens).values(row);
  await expectRoomForKeys(tx, { orgId, owner: { kind: "user", id: userId }, now });
  await recordAudit(tx, ctx, orgId, {
    action: "token.create",
    resource: { kind: "token", id: row.id, label: row.name },
    changes: changesOf("apiTokens", null, row),
  });
  return { token, tokenId: row.id, expiresAt: iso(expiresAt) };
}
