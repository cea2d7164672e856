import { CREDENTIAL_EXPIRY_MARGIN_MS, CREDENTIAL_RETRY_MS, CREDENTIAL_VALUES_KEPT_MAX } from "../../limits.ts";
import { type CredentialSource, CredentialUnavailable } from "../credential.ts";

/** A value, and until when it holds; null: until it is asked for again by whoever made it. */
export interface Obtained {
  value: string;
  expiresAtMs: number | null;
}

export interface RefreshingOptions {
  /** For messages: the secret's name. */
  name: string;
  obtain: () => Promise<Obtained>;
  /** Whether a value without an expiry still holds; it holds always when omitted. */
  isStale?: () => boolean;
  now: () => number;
  /** An operator should know that a value could not be renewed; the text names no value. */
  onProblem?: (problem: string) => void;
}

/**
 * A value that is renewed ahead of its end. Threat: a token that ends in the middle of work, and a token endpoint that is flooded by
 * many requests that all find it ended. Invariant: one renewal at a time; a failed one keeps the old value until its own end and no
 * longer; after that every use is refused with a reason.
 */
export function refreshingSource({ name, obtain, isStale, now, onProblem }: RefreshingOptions): CredentialSource {
  let held: Obtained | null = null;
  let renewAtMs = 0;
  let values: readonly string[] = [];
  let renewing: Promise<void> | null = null;
  let failedAt = Number.NEGATIVE_INFINITY;
  let failure = "";

  const isOver = (): boolean => held === null || (held.expiresAtMs !== null && now() >= held.expiresAtMs);
  function isDue(): boolean {
    if (held === null) return true;
    if (held.expiresAtMs === null) return isStale?.() ?? false;
    return now() >= renewAtMs;
  }

  async function renew(): Promise<void> {
    try {
      const got = await obtain();
      if (got.value === "") throw new CredentialUnavailable("it is empty");
      held = got;
      const lifetimeMs = (got.expiresAtMs ?? 0) - now();
      renewAtMs = (got.expiresAtMs ?? 0) - Math.min(CREDENTIAL_EXPIRY_MARGIN_MS, lifetimeMs / 4);
      failure = "";
      failedAt = Number.NEGATIVE_INFINITY;
      if (values[0] !== got.value)
        values = [got.value, ...values.filter((old) => old !== got.value)].slice(0, CREDENTIAL_VALUES_KEPT_MAX);
    } catch (error) {
      failedAt = now();
      // Other errors may quote what a helper or a token endpoint said, and that may be a secret.
      failure = error instanceof CredentialUnavailable ? error.message : "its source failed";
      onProblem?.(`The credential ${name} could not be renewed: ${failure}.`);
    } finally {
      renewing = null;
    }
  }

  return {
    async current() {
      const waits = failedAt + CREDENTIAL_RETRY_MS > now();
      if (isDue() && !waits) renewing ??= renew();
      // Ahead of its end nobody waits for the new value.
      if (isOver() || held?.expiresAtMs === null) await renewing;
      if (held === null || isOver())
        throw new CredentialUnavailable(
          `The credential ${name} ${held === null ? "could not be obtained" : "has ended and could not be renewed"}${failure === "" ? "" : ` (${failure})`}.`,
        );
      return held.value;
    },
    values: () => values,
  };
}
