import { and, eq, type Tx, tables } from "@creel/db";
import { authorize } from "../authz/authorize.ts";
import type { Action } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { lockKeys, workAt } from "./family.ts";

type Key = typeof tables.apiTokens.$inferSelect;

/** Of one owner at once: one for each pipeline and machine of a large account, and not so many that looking at them is work. */
export const KEYS_WORKING_MAX = 100;

export const works = (key: Pick<Key, "revokedAt" | "expiresAt">, now: Date): boolean =>
  key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);

/** Asked after the write, under `lockPeople`: a key whose overlap is none has ended by then, so the bound keeps nobody from that. */
export async function expectRoomForKeys(tx: Tx, of: { orgId: string; owner: ApiKeyActor["owner"]; now: Date }) {
  const t = tables.apiTokens;
  const column = of.owner.kind === "user" ? t.ownerUserId : t.ownerServiceAccountId;
  const count = await tx.$count(t, and(workAt(of.orgId, of.now), eq(column, of.owner.id)));
  if (count > KEYS_WORKING_MAX)
    throw new CreelError(
      "conflict",
      `One owner has at most ${KEYS_WORKING_MAX} tokens that work. Revoke one, or rotate it at once.`,
    );
}

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
