/**
 * Threat: somebody who was removed, demoted or whose key was revoked a moment ago still gives rights, by calls that were admitted
 * before and wait for a lock meanwhile.
 * Invariant: what gives rights is judged by what the actor holds in the transaction that writes, read after the lock by which
 * rights are taken away; the gate is asked again with it.
 */
import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { authorize } from "../authz/authorize.ts";
import { boundGrants, type Scope } from "../authz/grant.ts";
import { grantsOfMembers } from "../authz/grantsOfMembers.ts";
import { lockPeople } from "../authz/people.ts";
import type { Action, ResourceKind } from "../authz/roles.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { unauthenticated } from "../errors/errors.ts";
import { first, storedOrNull } from "../stored.ts";
import { boundOf, heldBy } from "./resolveApiToken.ts";

type Person = UserActor | ApiKeyActor;
type Asking = Ctx<Person>;

/** The context with the actor as they are now, under the lock of `lockPeople`. Needs to be the first of a transaction's locks. */
export async function underPeopleLock(
  tx: Tx,
  ctx: Asking,
  gate: { action: Action; on: ResourceKind } | null,
): Promise<Asking> {
  await lockPeople(tx, ctx.actor.orgId);
  const now = { ...ctx, actor: await actorNow(tx, ctx) };
  if (gate !== null) authorize(now, gate.action, gate.on);
  return now;
}

/** What the actor holds, as this transaction sees it. Who has left, or whose sign-in or key has ended, is nobody any more. */
export async function actorNow(tx: Tx, ctx: Asking): Promise<Person> {
  const { actor } = ctx;
  return actor.kind === "user" ? await userNow(tx, actor, ctx.clock()) : await keyNow(tx, actor, ctx.clock());
}

async function userNow(tx: Tx, actor: UserActor, now: Date): Promise<UserActor> {
  const { orgId, userId, sessionId } = actor;
  const grants = (await grantsOfMembers(tx, { orgId, userIds: [userId], now })).get(userId);
  if (grants === undefined) throw unauthenticated();
  if (sessionId !== undefined) await expectOpen(tx, { orgId, sessionId });
  return { ...actor, grants };
}

async function expectOpen(tx: Tx, of: { orgId: string; sessionId: string }): Promise<void> {
  const s = tables.sessions;
  const mine = and(eq(s.orgId, of.orgId), eq(s.id, of.sessionId), isNull(s.revokedAt));
  if (first(await tx.select({ id: s.id }).from(s).where(mine)) === null) throw unauthenticated();
}

async function keyNow(tx: Tx, actor: ApiKeyActor, now: Date): Promise<ApiKeyActor> {
  const { orgId, owner } = actor;
  const k = tables.apiTokens;
  const mine = and(eq(k.orgId, orgId), eq(k.id, actor.tokenId), isNull(k.revokedAt));
  const row = first(await tx.select().from(k).where(mine));
  if (row === null || (row.expiresAt !== null && row.expiresAt <= now)) throw unauthenticated();
  const held = await heldBy(tx, { orgId, owner, now });
  if (held.length === 0) throw unauthenticated();
  const scope = storedOrNull<Scope>(row.scope);
  return { ...actor, grants: boundGrants(held, { permissions: boundOf(row), scope, expiresAt: row.expiresAt }) };
}
