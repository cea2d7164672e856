import { type CompiledPolicy, mayHoldCredential } from "@creel/policy";
import { CREDENTIAL_PLACES_MAX } from "../limits.ts";
import { checkPlaceholders, isSigningName, type SandboxCredential } from "./credential.ts";
import type { LiveSecrets, Secret } from "./scrub.ts";

export interface Place {
  host: string;
  port: number;
}

/** The credentials of one sandbox, and what answers of a place are searched for. */
export interface CredentialStore {
  all(): readonly SandboxCredential[];
  byName(name: string): SandboxCredential | null;
  replace(credentials: readonly SandboxCredential[]): void;
  /** A value is about to leave for this place: its answers are searched for it from now on, whatever a later policy says. */
  sent(credential: SandboxCredential, place: Place): void;
  /** Null: no secret of this sandbox may ever have gone there, and nothing needs to be searched. */
  secretsAt(policy: CompiledPolicy, place: Place): LiveSecrets | null;
  /** A secret may have been put into something there, and the place may have kept it. */
  injectsAt(policy: CompiledPolicy, place: Place): boolean;
  close(): void;
}

export function createCredentialStore(initial: readonly SandboxCredential[]): CredentialStore {
  checkPlaceholders(initial);
  let credentials = initial;
  const sentTo = new Map<string, Set<SandboxCredential>>();

  const keyOf = ({ host, port }: Place): string => `${host}:${port}`;
  function heldAt(policy: CompiledPolicy, place: Place): SandboxCredential[] {
    const sent = sentTo.get(keyOf(place));
    if (sent === undefined && credentials.length === 0) return [];
    const bound = credentials.filter(({ name }) => mayHoldCredential(policy, { name, ...place }));
    return [...new Set([...bound, ...(sent ?? [])])];
  }

  return {
    all: () => credentials,
    byName: (name) => credentials.find((credential) => credential.name === name) ?? null,
    replace(next) {
      if (next === credentials) return;
      checkPlaceholders(next);
      for (const old of credentials) if (!next.includes(old)) old.source.close?.();
      credentials = next;
    },
    sent(credential, place) {
      const key = keyOf(place);
      const known = sentTo.get(key) ?? new Set();
      sentTo.delete(key);
      sentTo.set(key, known.add(credential));
      const oldest = sentTo.keys().next().value;
      if (sentTo.size > CREDENTIAL_PLACES_MAX && oldest !== undefined) sentTo.delete(oldest);
    },
    secretsAt(policy, place) {
      const held = heldAt(policy, place);
      return held.length === 0 ? null : liveSecrets(held);
    },
    injectsAt: (policy, place) => heldAt(policy, place).some(({ name }) => !isSigningName(name)),
    close() {
      for (const { source } of credentials) source.close?.();
    },
  };
}

/** The same array as long as no value changes, so that what was made from it can be kept. */
function liveSecrets(held: readonly SandboxCredential[]): LiveSecrets {
  let seen: (readonly string[])[] = [];
  let secrets: readonly Secret[] = [];
  return () => {
    const values = held.map(({ source }) => source.values());
    if (values.length !== seen.length || values.some((list, at) => list !== seen[at])) {
      seen = values;
      secrets = held.flatMap(({ placeholder }, at) => (values[at] ?? []).map((value) => ({ value, placeholder })));
    }
    return secrets;
  };
}
