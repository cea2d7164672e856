import { createHash, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SecureContextOptions } from "node:tls";

/** The hub's server identity: leaf and deployment CA together, so that a joining node finds the certificate its URI pins. */
export interface HubTls {
  options: SecureContextOptions;
  caPin: string;
}

/** Reads `ca.pem`, `hub.pem` and `hub-key.pem`; says which one is missing or does not fit. */
export function loadTls(dir: string): HubTls {
  const read = (name: string): string => {
    try {
      return readFileSync(join(dir, name), "utf8");
    } catch {
      throw new Error(`CREEL_TLS_DIR: ${join(dir, name)} cannot be read. \`creel up\` writes the three files there.`);
    }
  };
  const [ca, certificate, key] = [read("ca.pem"), read("hub.pem"), read("hub-key.pem")];
  const authority = new X509Certificate(ca);
  if (!new X509Certificate(certificate).verify(authority.publicKey))
    throw new Error(
      `CREEL_TLS_DIR: hub.pem in ${dir} is not signed by ca.pem. Remove both and run \`creel up\` again.`,
    );
  const leafOnly = certificate.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/)?.[0] ?? certificate;
  return {
    options: { cert: `${leafOnly.trim()}\n${ca}`, key },
    caPin: `sha256:${createHash("sha256").update(authority.raw).digest("hex")}`,
  };
}
