import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { CreelError } from "../errors/errors.ts";

/**
 * Threat: someone reads, copies or edits the database. Invariant: a secret in it is ciphertext under a key that is not in
 * it, bound by `aad` to its place, so that moving it to another row or another org makes it unreadable.
 */

/** Encrypts secrets at rest. The interface a key management service implements as well as the key file does. */
export interface Sealer {
  seal(plain: Uint8Array, aad: string): Promise<string>;
  open(sealed: string, aad: string): Promise<Uint8Array>;
}

export const MASTER_KEY_BYTES = 32;
/** NIST SP 800-38D: 96-bit nonces; random ones are safe far beyond the number of secrets an org has. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1";

/** Seals with AES-256-GCM under one 32-byte key. `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. */
export function createKeySealer(key: Uint8Array): Sealer {
  if (key.length !== MASTER_KEY_BYTES)
    throw new Error(`a master key has ${MASTER_KEY_BYTES} bytes; this one has ${key.length}`);
  const keyId = createHash("sha256").update("creel master key id").update(key).digest("hex").slice(0, 16);
  return {
    seal: async (plain, aad) => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad, "utf8"));
      const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      return [VERSION, keyId, nonce.toString("base64url"), body.toString("base64url")].join(".");
    },
    open: async (sealed, aad) => {
      const [version, sealedBy, nonce = "", text = ""] = sealed.split(".");
      if (version !== VERSION || sealedBy !== keyId)
        throw unreadable("it was sealed under another master key; set CREEL_MASTER_KEY_FILE to that one");
      const body = Buffer.from(text, "base64url");
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(nonce, "base64url"), {
          authTagLength: TAG_BYTES,
        });
        decipher.setAAD(Buffer.from(aad, "utf8")).setAuthTag(body.subarray(body.length - TAG_BYTES));
        return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
      } catch {
        throw unreadable("it was altered or moved from its place");
      }
    },
  };
}

const unreadable = (why: string): CreelError =>
  new CreelError("internal", "A sealed secret cannot be read.", { cause: new Error(`sealed secret: ${why}`) });

/** The key file holds 32 bytes as base64url or hex text, or as they are. */
export const createSealer = (masterKeyFile: string): Sealer => createKeySealer(readMasterKey(masterKeyFile));

function readMasterKey(file: string): Uint8Array {
  const raw = readFileSync(file);
  if (raw.length === MASTER_KEY_BYTES) return raw;
  const text = raw.toString("utf8").trim();
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, "hex");
  const decoded = Buffer.from(text, "base64url");
  if (decoded.length === MASTER_KEY_BYTES) return decoded;
  throw new Error(`${file} is not a master key: it must hold ${MASTER_KEY_BYTES} bytes, as base64url or hex`);
}
