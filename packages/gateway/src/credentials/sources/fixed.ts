import type { CredentialSource } from "../credential.ts";

/** A value that stays. */
export function fixedSource(value: string): CredentialSource {
  const values = [value];
  return { current: async () => value, values: () => values };
}
