import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { type Grant, holdsOver } from "./grant.ts";

/** As many as a sentence can carry; the rest is counted. */
const NAMED_MAX = 5;

/**
 * Threat: somebody who may give roles gives themselves, through another person, a team or a key, what they never had.
 * Invariant: nobody gives what they do not hold, over all of what they give it for, nor for longer than they hold it.
 */
export function expectHolds(
  actor: Pick<UserActor | ApiKeyActor, "grants">,
  given: readonly Pick<Grant, "permissions" | "scope" | "expiresAt">[],
): void {
  const missing = new Set(
    given.flatMap(({ permissions, scope, expiresAt: until }) =>
      [...permissions].filter((permission) => !holdsOver(actor.grants, permission, { scope, until })),
    ),
  );
  if (missing.size === 0) return;
  const named = [...missing].slice(0, NAMED_MAX).join(", ");
  const more = missing.size > NAMED_MAX ? ` and ${missing.size - NAMED_MAX} more` : "";
  throw new CreelError(
    "forbidden",
    `You can neither give nor take what you do not hold there, and for as long, yourself: ${named}${more}.`,
    {
      details: { missing: [...missing] },
    },
  );
}
