import "reflect-metadata";
import { randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** PEM texts. The certificate goes into the sandbox's trust store; the key never leaves the gateway's side. */
export interface SandboxCa {
  certificatePem: string;
  keyPem: string;
}

/** P-256: leaf certificates cost 3 ms instead of the 100 ms of RSA. */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;
export const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" } as const;
const DAY_MS = 24 * 3600 * 1000;
/** Outlives any sandbox; it is trusted by that one sandbox only. */
const CA_VALIDITY_DAYS = 5 * 365;
/** For clocks that are set back while the sandbox runs. */
export const BACKDATE_MS = DAY_MS;

cryptoProvider.set(webcrypto);

/** Positive and 16 bytes, as RFC 5280 4.1.2.2 wants. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

export function toPem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der)
    .toString("base64")
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join("\n")}\n-----END ${label}-----\n`;
}

/** The certificate authority of one sandbox, by which the gateway answers in the place of the hosts it inspects. */
export async function createSandboxCa({
  name,
  now = Date.now,
}: {
  name: string;
  now?: () => number;
}): Promise<SandboxCa> {
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: [{ O: ["Creel"] }, { CN: [`Creel sandbox ${name}`.slice(0, 64)] }],
    notBefore: new Date(now() - BACKDATE_MS),
    notAfter: new Date(now() + CA_VALIDITY_DAYS * DAY_MS),
    keys,
    signingAlgorithm: SIGNING_ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certificatePem: toPem("CERTIFICATE", certificate.rawData),
    keyPem: toPem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}
