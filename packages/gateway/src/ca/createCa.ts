import { createHash, randomBytes, webcrypto } from "node:crypto";
import { bits, element, integer, objectId, octets, sequence, set, TRUE, time, utf8 } from "./der.ts";

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
/** X.520's bound of a common name. */
const COMMON_NAME_CHARS_MAX = 64;

/** Positive and 16 bytes, as RFC 5280 4.1.2.2 wants. */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString("hex");
}

export function toPem(label: string, der: ArrayBuffer | Uint8Array): string {
  const lines = Buffer.from(der instanceof Uint8Array ? der : new Uint8Array(der))
    .toString("base64")
    .match(/.{1,64}/g);
  return `-----BEGIN ${label}-----\n${(lines ?? []).join("\n")}\n-----END ${label}-----\n`;
}

/**
 * The certificate authority of one sandbox, by which the gateway answers in the place of the hosts it inspects.
 *
 * Every sandbox waits for it at its start, so this one certificate of a fixed form is written here: the library that makes those of the
 * hosts takes fifty times longer to load than this takes to run.
 */
export async function createSandboxCa({
  name,
  now = Date.now,
}: {
  name: string;
  now?: () => number;
}): Promise<SandboxCa> {
  const keys = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const publicKey = Buffer.from(await webcrypto.subtle.exportKey("spki", keys.publicKey));
  const point = Buffer.from(await webcrypto.subtle.exportKey("raw", keys.publicKey));
  const subject = nameOf(`Creel sandbox ${name}`.slice(0, COMMON_NAME_CHARS_MAX));
  const content = sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.from(serialNumber(), "hex")),
    ECDSA_WITH_SHA256,
    subject,
    sequence(time(now() - BACKDATE_MS), time(now() + CA_VALIDITY_DAYS * DAY_MS)),
    subject,
    publicKey,
    element(0xa3, sequence(IS_AUTHORITY, SIGNS_CERTIFICATES, keyIdentifier(point))),
  );
  const signature = await webcrypto.subtle.sign(SIGNING_ALGORITHM, keys.privateKey, content);
  const certificate = sequence(content, ECDSA_WITH_SHA256, bits(pairOf(Buffer.from(signature))));
  return {
    certificatePem: toPem("CERTIFICATE", certificate),
    keyPem: toPem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)),
  };
}

const ECDSA_WITH_SHA256 = sequence(objectId("1.2.840.10045.4.3.2"));
const nameOf = (commonName: string): Buffer =>
  sequence(set(sequence(objectId("2.5.4.10"), utf8("Creel"))), set(sequence(objectId("2.5.4.3"), utf8(commonName))));
/** An authority for servers alone: none below it. */
const IS_AUTHORITY = sequence(objectId("2.5.29.19"), TRUE, octets(sequence(TRUE, integer(Buffer.of(0)))));
/** keyCertSign and cRLSign, the sixth and seventh bit. */
const SIGNS_CERTIFICATES = sequence(objectId("2.5.29.15"), TRUE, octets(bits(Buffer.of(0x06), 1)));
/** RFC 5280 4.2.1.2 (1). */
const keyIdentifier = (point: Uint8Array): Buffer =>
  sequence(objectId("2.5.29.14"), octets(octets(createHash("sha1").update(point).digest())));

/** WebCrypto gives both halves of a signature one after the other; certificates want two numbers (RFC 3279 2.2.3). */
function pairOf(signature: Buffer): Buffer {
  const half = signature.length / 2;
  return sequence(shortest(signature.subarray(0, half)), shortest(signature.subarray(half)));
}

function shortest(bytes: Uint8Array): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  return integer(bytes.subarray(first));
}
