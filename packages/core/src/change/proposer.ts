import { and, eq, type Tx, tables } from "@creel/db";
import { actorNow } from "../auth/actorNow.ts";
import { authorize } from "../authz/authorize.ts";
import { type ApiKeyActor, type Ctx, personOf, type UserActor } from "../context.ts";
import { lockRights, lockRightsOfAccount } from "./electorate.ts";
import type { Right } from "./kinds.ts";

type Person = UserActor | ApiKeyActor;

/**
 * The context with the actor as they stand in this transaction, by rows that it holds until it ends: whoever takes a right of theirs
 * away meanwhile waits, or makes a serialisable one begin again. What is applied alone is applied by these rights, and so is what draws
 * secrets by a label. Before the locks of what is changed.
 */
export async function asTheyStand(tx: Tx, ctx: Ctx<Person>, right: Right): Promise<Ctx<Person>> {
  await holdRights(tx, ctx.actor);
  const now = { ...ctx, actor: await actorNow(tx, ctx) };
  authorize(now, right.action, right.on);
  return now;
}

async function holdRights(tx: Tx, actor: Person): Promise<void> {
  const k = tables.apiTokens;
  const { orgId } = actor;
  if (actor.kind === "apiKey")
    await tx
      .select({ id: k.id })
      .from(k)
      .where(and(eq(k.orgId, orgId), eq(k.id, actor.tokenId)))
      .for("share");
  const userId = personOf(actor);
  if (userId !== null) await lockRights(tx, { orgId, userIds: [userId] });
  else if (actor.kind === "apiKey") await lockRightsOfAccount(tx, { orgId, serviceAccountId: actor.owner.id });
}
