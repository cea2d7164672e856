import { and, eq, gt, isNull, or, type Tx, tables } from "@creel/db";
import { authorize } from "../authz/authorize.ts";
import type { Action } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";

/** A key that still works, locked, when it is the caller's own or the caller may do this to any key of the org. */
export async function keyForUpdate(
  tx: Tx,
  ctx: Ctx<UserActor | ApiKeyActor>,
  { tokenId, action }: { tokenId: string; action: Action },
): Promise<typeof tables.apiTokens.$inferSelect> {
  const { actor } = ctx;
  const t = tables.apiTokens;
  const row = first(
    await tx
      .select()
      .from(t)
      .where(
        and(
          eq(t.orgId, actor.orgId),
          eq(t.id, tokenId),
          isNull(t.revokedAt),
          or(isNull(t.expiresAt), gt(t.expiresAt, ctx.clock())),
        ),
      )
      .for("update"),
  );
  const isOwn = actor.kind === "user" ? row?.ownerUserId === actor.userId : row?.id === actor.tokenId;
  // Judged before the row is missed, so that the answer does not tell whether it is there.
  if (!isOwn) authorize(ctx, action, "token");
  if (row === null) throw notFound();
  return row;
}
