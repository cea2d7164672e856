import type { Actor, ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { PROOF_MS_MAX } from "./limits.ts";

/**
 * Threat: an open screen, or a stolen cookie, does what cannot be undone. Invariant: what asks for this is done only by a person who
 * proved within the last minutes, with every factor they have, who they are. A key proves nothing of the kind.
 * @throws CreelError `proof_required`, after which `auth.prove` is what helps.
 */
export function expectProof(actor: UserActor | ApiKeyActor, now: Date): void {
  const provedAt = actor.kind === "user" ? (actor.provedAt ?? null) : null;
  if (provedAt !== null && now.getTime() - provedAt.getTime() <= PROOF_MS_MAX) return;
  throw new CreelError("proof_required", "Prove that it is you: give your password, and a code if you use codes.");
}

/**
 * What a verb with `proof` asks: a person proves anew who they are; nobody else can, and is judged by what they hold alone. Threat: an
 * open screen, or a stolen cookie, votes, gives a role or makes a key. Invariant: it does so only within minutes of the person's factors.
 */
export function expectFreshPerson(actor: Actor | null, now: Date): void {
  if (actor?.kind === "user") expectProof(actor, now);
}

/**
 * Threat: an org's identity provider signs in as one of its people and changes what opens the person's other orgs. Invariant: a
 * person's own factors are changed from a sign-in by their own factors.
 */
export function expectOwnSignIn(actor: UserActor): void {
  if (actor.identityProviderId == null) return;
  throw new CreelError(
    "forbidden",
    "Your identity provider signed you in. Sign in with your password to change your own factors.",
  );
}
