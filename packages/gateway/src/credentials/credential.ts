/**
 * A secret that a sandbox may use and never sees. Threat: an agent reads its own memory, files and environment, and sends what it finds
 * wherever it likes. Invariant: what it finds is a placeholder; the value exists in the gateway's process alone, and the policy in
 * force says at each use where it may go.
 */
export interface SandboxCredential {
  /** By which the policy's `credentials` and `credential_binding` speak of it, e.g. `GITHUB_TOKEN`. */
  name: string;
  /** What the sandbox holds instead; letters, digits, `_` and `-` alone, so that no encoder of addresses and forms changes it. */
  placeholder: string;
  source: CredentialSource;
}

/** Where a value comes from. Whoever feeds a sandbox (a command line, a node) makes these; the gateway asks at each use. */
export interface CredentialSource {
  /** The value to be used now. Rejects with `CredentialUnavailable` when there is none. */
  current(): Promise<string>;
  /**
   * Every value that may have left, newest first; what is on its way with a replaced one is still searched for it.
   * The same array until something changes.
   */
  values(): readonly string[];
  close?(): void;
}

/** Why there is no value; its message is shown to the agent and written down, so it never holds one. */
export class CredentialUnavailable extends Error {}

/** Whatever else a source throws could quote a value. */
export async function currentValue({ name, source }: SandboxCredential): Promise<string> {
  try {
    return await source.current();
  } catch (error) {
    if (error instanceof CredentialUnavailable) throw error;
    throw new CredentialUnavailable(`The credential ${name} could not be read.`);
  }
}

/** Shorter ones could stand in a request by chance. */
const PLACEHOLDER = /^[A-Za-z0-9_-]{12,256}$/;

export function checkPlaceholders(credentials: readonly SandboxCredential[]): void {
  const seen = new Set<string>();
  for (const { name, placeholder } of credentials) {
    if (!PLACEHOLDER.test(placeholder))
      throw new RangeError(`The placeholder of ${name} must be 12 to 256 letters, digits, "_" or "-".`);
    if (seen.has(placeholder)) throw new RangeError(`The placeholder of ${name} is another one's, too.`);
    seen.add(placeholder);
  }
}

/** AWS keys sign and are put into nothing: the secret key never leaves the gateway, so no answer can hold it. */
const SIGNING_NAME = /^(.*?)AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/;

export const isSigningName = (name: string): boolean => SIGNING_NAME.test(name);

/** `PROD_AWS_ACCESS_KEY_ID` → `PROD_`; null when the name is no access key's. */
export function accountOf(name: string): string | null {
  const match = SIGNING_NAME.exec(name);
  return match?.[2] === "ACCESS_KEY_ID" ? (match[1] ?? "") : null;
}
