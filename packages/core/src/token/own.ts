import { and, eq, type Tx, tables } from "@creel/db";
import { authorize } from "../authz/authorize.ts";
import type { Action } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { lockKeys } from "./family.ts";

type Key = typeof tables.apiTokens.$inferSelect;

export const works = (key: Pick<Key, "revokedAt" | "expiresAt">, now: Date): boolean =>
  key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);

/** A key, locked with all keys of the org, when it is the caller's own or the caller may do this to any key of the org. */
export async function keyForUpdate(
  tx: Tx,
  ctx: Ctx<UserActor | ApiKeyActor>,
  { tokenId, action }: { tokenId: string; action: Action },
): Promise<Key> {
  const { actor } = ctx;
  const t = tables.apiTokens;
  await lockKeys(tx, actor.orgId);
  const row = first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.orgId, actor.orgId), eq(t.id, tokenId)))
      .for("update"),
  );
  const isOwn = actor.kind === "user" ? row?.ownerUserId === actor.userId : row?.id === actor.tokenId;
  // Judged before the row is missed, so that the answer does not tell whether it is there.
  if (!isOwn) authorize(ctx, action, "token");
  if (row === null) throw notFound();
  return row;
}
