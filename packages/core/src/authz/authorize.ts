import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { forbidden, notFound, unauthenticated } from "../errors/errors.ts";
import { type Labels, mayAtAll, mayOn } from "./grant.ts";
import type { Action, ResourceKind } from "./roles.ts";

/**
 * Judges by grants alone, before anything is looked up, so the answer cannot tell whether an id exists. Who may not even
 * read a kind of thing hears that there is nothing; who may read but not do this hears that it is not allowed.
 */
export function authorize(ctx: Ctx, action: Action, kind: ResourceKind): UserActor | ApiKeyActor {
  const { actor } = ctx;
  if (actor === null) throw unauthenticated();
  if (actor.kind !== "user" && actor.kind !== "apiKey") throw notFound();
  if (mayAtAll(actor.grants, action, kind)) return actor;
  throw mayAtAll(actor.grants, "read", kind) ? forbidden() : notFound();
}

/**
 * Judges one thing by its labels, after it was looked up. What no grant lets the actor read is answered with the bytes of
 * what does not exist. A thing that is to be made hides nothing: who may not make it so hears that.
 */
export function authorizeOn(
  actor: UserActor | ApiKeyActor,
  on: { action: Action; kind: ResourceKind; labels: Labels },
): void {
  if (mayOn(actor.grants, on)) return;
  throw on.action === "create" || mayOn(actor.grants, { ...on, action: "read" }) ? forbidden() : notFound();
}

/** Judges labels that a thing is to have: there is nothing yet to hide. */
export function authorizeNew(
  actor: UserActor | ApiKeyActor,
  on: { action: Action; kind: ResourceKind; labels: Labels },
): void {
  if (!mayOn(actor.grants, on)) throw forbidden();
}
