import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { CreelError } from "../errors/errors.ts";

/**
 * Threat: someone reads, copies or edits the database. Invariant: a secret in it is ciphertext under a key that is not in
 * it, bound by `aad` to its place, so that moving it to another row or another org makes it unreadable.
 */

/** What a key management service does: it encrypts small keys under one of its own, which never leaves it. The key file does it, too. */
export interface Kms {
  /** Of the key that wraps now; what another one wrapped is due to be wrapped anew. */
  readonly keyId: string;
  wrap(key: Uint8Array, aad: string): Promise<string>;
  /** Opens what any key wrapped that is still known. @throws CreelError when none did. */
  unwrap(wrapped: string, aad: string): Promise<Uint8Array>;
}

/** Encrypts secrets at rest. */
export interface Sealer {
  seal(plain: Uint8Array, aad: string): Promise<string>;
  open(sealed: string, aad: string): Promise<Uint8Array>;
  /** True when it was sealed under a key that is no longer the newest. */
  isOutdated(sealed: string): boolean;
  readonly kms: Kms;
}

export const MASTER_KEY_BYTES = 32;
/** NIST SP 800-38D: 96-bit nonces; random ones are safe far beyond the number of secrets an org has. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = "v1";
/** 64 bits of a hash: enough to tell a deployment's few keys apart, and nothing of a key. */
const KEY_ID_CHARS = 16;

interface MasterKey {
  id: string;
  key: Uint8Array;
}

function masterKey(key: Uint8Array): MasterKey {
  if (key.length !== MASTER_KEY_BYTES)
    throw new Error(`a master key has ${MASTER_KEY_BYTES} bytes; this one has ${key.length}`);
  return {
    key,
    id: createHash("sha256").update("creel master key id").update(key).digest("hex").slice(0, KEY_ID_CHARS),
  };
}

function seal({ key, id }: MasterKey, plain: Uint8Array, aad: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(aad, "utf8"));
  const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, id, nonce.toString("base64url"), body.toString("base64url")].join(".");
}

function open(keys: readonly MasterKey[], sealed: string, aad: string): Uint8Array {
  const [version, sealedBy, nonce = "", text = ""] = sealed.split(".");
  const known = version === VERSION ? keys.find(({ id }) => id === sealedBy) : undefined;
  if (known === undefined)
    throw unreadable("it was sealed under another master key; add that one as a further line of CREEL_MASTER_KEY_FILE");
  const body = Buffer.from(text, "base64url");
  try {
    const decipher = createDecipheriv("aes-256-gcm", known.key, Buffer.from(nonce, "base64url"), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(aad, "utf8")).setAuthTag(body.subarray(body.length - TAG_BYTES));
    return Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
  } catch {
    throw unreadable("it was altered or moved from its place");
  }
}

/** AES-256-GCM under a 32-byte key; `v1.<key id>.<nonce>.<ciphertext and tag>`, base64url. Former keys open and never seal. */
export function createKeySealer(key: Uint8Array, ...former: readonly Uint8Array[]): Sealer {
  const newest = masterKey(key);
  const all = [newest, ...former.map(masterKey)];
  // A wrapped key and a sealed value never stand in for each other, whatever their places are called.
  const ofKey = (aad: string): string => `data key/${aad}`;
  return {
    seal: async (plain, aad) => seal(newest, plain, aad),
    open: async (sealed, aad) => open(all, sealed, aad),
    isOutdated: (sealed) => sealed.split(".")[1] !== newest.id,
    kms: {
      keyId: newest.id,
      wrap: async (plain, aad) => seal(newest, plain, ofKey(aad)),
      unwrap: async (wrapped, aad) => open(all, wrapped, ofKey(aad)),
    },
  };
}

/** The same under the newest key; null where it is already. */
export async function sealAnew(seal: Sealer, sealed: string, aad: string): Promise<string | null> {
  return seal.isOutdated(sealed) ? await seal.seal(await seal.open(sealed, aad), aad) : null;
}

const unreadable = (why: string): CreelError =>
  new CreelError("internal", "A sealed secret cannot be read.", { cause: new Error(`sealed secret: ${why}`) });

/**
 * The key file holds 32 bytes as they are, or one key a line as base64url or hex. The first is the one that seals; the others are
 * former ones, which open what has not been wrapped anew yet.
 */
export function createSealer(masterKeyFile: string): Sealer {
  const [key, ...former] = readMasterKeys(masterKeyFile);
  if (key === undefined) throw notAKey(masterKeyFile);
  return createKeySealer(key, ...former);
}

function readMasterKeys(file: string): Uint8Array[] {
  const raw = readFileSync(file);
  if (raw.length === MASTER_KEY_BYTES) return [raw];
  const lines = raw.toString("utf8").split("\n");
  return lines.map((line) => line.trim()).flatMap((line) => (line === "" ? [] : [keyOfLine(file, line)]));
}

function keyOfLine(file: string, line: string): Uint8Array {
  const key = Buffer.from(line, /^[0-9a-f]{64}$/i.test(line) ? "hex" : "base64url");
  if (key.length !== MASTER_KEY_BYTES) throw notAKey(file);
  return key;
}

const notAKey = (file: string): Error =>
  new Error(
    `${file} is not a master key: it must hold ${MASTER_KEY_BYTES} bytes, or one such key a line as base64url or hex`,
  );
