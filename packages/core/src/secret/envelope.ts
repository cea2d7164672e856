import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { CreelError } from "../errors/errors.ts";
import type { Kms } from "../secrets/sealer.ts";

/**
 * Threat: someone reads, copies or edits the database, or swaps one secret's row for another's. Invariant: each version of a value is
 * sealed under a data key of its own; the data key is wrapped by the deployment's key, and both are bound to their org, secret and
 * version, so that in any other place neither opens. A new deployment key wraps the data keys anew and touches no value.
 */

export interface SecretPlace {
  orgId: string;
  secretId: string;
  version: number;
}
export interface Envelope {
  kmsKeyId: string;
  wrappedKey: string;
  sealedValue: string;
}

const DATA_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "e1";

const aadOf = ({ orgId, secretId, version }: SecretPlace): string => `creel/${orgId}/secret/${secretId}/${version}`;

export async function sealValue(kms: Kms, value: string, place: SecretPlace): Promise<Envelope> {
  const aad = aadOf(place);
  const key = randomBytes(DATA_KEY_BYTES);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad, "utf8"));
  const body = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
  const wrappedKey = await kms.wrap(key, aad);
  key.fill(0);
  return {
    kmsKeyId: kms.keyId,
    wrappedKey,
    sealedValue: [VERSION, nonce.toString("base64url"), body.toString("base64url")].join("."),
  };
}

/** @throws CreelError that says nothing of the value when it was altered, moved, or sealed under a key that is not known here. */
export async function openValue(
  kms: Kms,
  { wrappedKey, sealedValue }: Omit<Envelope, "kmsKeyId">,
  place: SecretPlace,
): Promise<string> {
  const aad = aadOf(place);
  const key = await kms.unwrap(wrappedKey, aad);
  const [version, nonce = "", text = ""] = sealedValue.split(".");
  const body = Buffer.from(text, "base64url");
  try {
    if (version !== VERSION) throw new Error(`a format of another version: ${version}`);
    const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url"), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(aad, "utf8")).setAuthTag(body.subarray(body.length - TAG_BYTES));
    const plain = Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
    return plain.toString("utf8");
  } catch {
    const cause = new Error(`secret ${place.secretId} version ${place.version}: altered or moved from its place`);
    throw new CreelError("internal", "A sealed secret cannot be read.", { cause });
  }
}

/** The same value under the deployment's newest key. */
export async function rewrap(kms: Kms, wrappedKey: string, place: SecretPlace): Promise<Omit<Envelope, "sealedValue">> {
  const aad = aadOf(place);
  const key = await kms.unwrap(wrappedKey, aad);
  return { kmsKeyId: kms.keyId, wrappedKey: await kms.wrap(key, aad) };
}
