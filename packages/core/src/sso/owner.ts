import { ownsOrg } from "../authz/grant.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";

/**
 * Threat: a role that may set single sign-on up, and nothing else, names a provider of its own; that one then signs its maker in as
 * any owner there is. Invariant: who speaks for people, and for whom, is said by an owner of the whole organization, in person.
 */
export function expectOwner(actor: UserActor | ApiKeyActor): void {
  if (actor.kind === "user" && ownsOrg(actor.grants)) return;
  throw new CreelError(
    "forbidden",
    "Whom a provider signs in, it signs in with all that they hold. So an owner of the whole organization decides this.",
  );
}
