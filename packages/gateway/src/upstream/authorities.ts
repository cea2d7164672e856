import { readFileSync } from "node:fs";
import { rootCertificates } from "node:tls";

/** The variables by which people tell programs of a private authority: Node's own, and OpenSSL's. */
const VARIABLES = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] as const;

/**
 * PEM texts of the authorities that the environment names. A file that cannot be read is left out, as Node does: it trusts less, and
 * the upstream's refusal is seen where it matters.
 */
export function hostAuthorities(env: Readonly<Record<string, string | undefined>>): string[] {
  return VARIABLES.flatMap((name) => {
    const path = env[name];
    if (path === undefined || path === "") return [];
    try {
      return [readFileSync(path, "utf8")];
    } catch {
      return [];
    }
  });
}

/** Node's own roots and these, for clients to which a list of authorities is all they trust; undefined: Node's default. */
export const withRoots = (extra: readonly string[]): string[] | undefined =>
  extra.length === 0 ? undefined : [...rootCertificates, ...extra];
