import { randomBytes, X509Certificate } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { CliError } from "../exit.ts";
import { makeAuthority, makeServerCertificate } from "./certificates.ts";
import { type HomePaths, readIfThere, writePrivate } from "./home.ts";

const SECRET_BYTES = 32;
/** The CA is pinned by nodes for as long as they live; the hub's own certificate is renewed by any start in its last month. */
const CA_DAYS = 3650;
const HUB_DAYS = 397;
const RENEW_BEFORE_DAYS = 30;
const DAY_MS = 86_400_000;

export const randomPassword = (): string => randomBytes(SECRET_BYTES).toString("base64url");

/** A random secret that stays the same over starts, as base64url text. */
export function lastingSecret(file: string): string {
  const present = readIfThere(file);
  if (present !== null && present.trim().length >= SECRET_BYTES) return present.trim();
  const secret = randomPassword();
  writePrivate(file, `${secret}\n`);
  return secret;
}

/** The key that seals secrets at rest: 32 raw bytes. A lost or cut key must not be replaced behind the back of sealed data. */
export function ensureMasterKey(paths: HomePaths, sealedDataExists: boolean): void {
  const present = readIfThere(paths.masterKey);
  if (present !== null && present.length > 0) return;
  if (sealedDataExists) {
    throw new CliError("the master key is gone, and the database holds secrets that only it opens", {
      place: paths.masterKey,
      remedy: "Put the file back from your backup. To begin anew without the old data, move the whole folder away.",
    });
  }
  writePrivate(paths.masterKey, randomBytes(SECRET_BYTES));
}

export const tlsPaths = (folder: string) => ({
  caCert: join(folder, "ca.pem"),
  caKey: join(folder, "ca-key.pem"),
  hubCert: join(folder, "hub.pem"),
  hubKey: join(folder, "hub-key.pem"),
});

function expiresSoon(certPem: string): boolean {
  return Date.parse(new X509Certificate(certPem).validTo) - Date.now() < RENEW_BEFORE_DAYS * DAY_MS;
}

/** The deployment CA and the hub's server certificate (`hub.pem` holds the chain, so that a new node can find its pin in it). */
export async function ensureTls(paths: HomePaths): Promise<void> {
  const files = tlsPaths(paths.tls);
  let certPem = readIfThere(files.caCert);
  let keyPem = readIfThere(files.caKey);
  let fresh = false;
  if (certPem === null || keyPem === null) {
    ({ certPem, keyPem } = await makeAuthority(`Creel deployment ${hostname()}`, CA_DAYS));
    // The key first: a certificate without its key would look finished.
    writePrivate(files.caKey, keyPem);
    writePrivate(files.caCert, certPem);
    fresh = true;
  }
  const hubCert = readIfThere(files.hubCert);
  if (!fresh && hubCert !== null && readIfThere(files.hubKey) !== null && !expiresSoon(hubCert)) return;
  const names = { dns: ["localhost", hostname()], ip: ["127.0.0.1", "::1"] };
  const hub = await makeServerCertificate({ certPem, keyPem }, names, HUB_DAYS);
  writePrivate(files.hubKey, hub.keyPem);
  writePrivate(files.hubCert, hub.certPem);
}
