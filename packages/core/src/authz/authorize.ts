import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { forbidden, notFound, unauthenticated } from "../errors/errors.ts";
import { type Action, type ResourceKind, type Role, roleGrants } from "./roles.ts";

export const roleMay = (role: Role, action: Action, resource: ResourceKind): boolean =>
  roleGrants[role][resource]?.includes(action) ?? false;

/**
 * Judges by role alone, before anything is looked up, so the answer cannot tell whether an id exists. Who may not even
 * read a kind of thing hears that there is nothing; who may read but not do this hears that it is not allowed.
 */
export function authorize(ctx: Ctx, action: Action, resource: ResourceKind): UserActor | ApiKeyActor {
  const { actor } = ctx;
  if (actor === null) throw unauthenticated();
  if (actor.kind !== "user" && actor.kind !== "apiKey") throw notFound();
  if (roleMay(actor.role, action, resource)) return actor;
  throw roleMay(actor.role, "read", resource) ? forbidden() : notFound();
}
