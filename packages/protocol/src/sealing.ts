/**
 * Values that travel to one node and can be opened there alone. Threat: whoever reads the wire, a plan, a node's disk or a database, or
 * moves what he found there to another node, sandbox, name or plan. Invariant: a sealed value opens only with the private key of the
 * node it was made for, and only in the very place it was made for; anything else is an error, never another value.
 *
 * X25519 (RFC 7748) with a fresh key for each value, HKDF-SHA256 (RFC 5869) over both public keys, AES-256-GCM (NIST SP 800-38D).
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";

const VERSION = "x1";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const INFO = "creel sealed credential v1";

/** What a sealed value is for. All of it is authenticated: in another place it does not open. */
export interface SealPlace {
  nodeId: string;
  /** Of the plan that carries it. */
  generation: number;
  sandboxId: string;
  secretId: string;
  name: string;
  version: number;
}

/** JSON of a list of fixed length: no two places are written alike. */
const placeBytes = (p: SealPlace): Buffer =>
  Buffer.from(JSON.stringify([INFO, p.nodeId, p.generation, p.sandboxId, p.secretId, p.name, p.version]), "utf8");

/** A key pair for a node: the private half as PKCS #8 PEM for its disk, the public one as it is told to the hub. */
export function makeSealingKey(): { privatePem: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync("x25519");
  return {
    privatePem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicOf(privateKey).toString("base64url"),
  };
}

/** The public half of a private key in PEM. @throws Error when it is no X25519 key. */
export const publicSealingKey = (privatePem: string): string =>
  publicOf(createPrivateKey(privatePem)).toString("base64url");

/** @throws Error when the public key is none, or one whose secrets anybody could compute. */
export function sealFor(publicKey: string, value: string, place: SealPlace): string {
  const raw = Buffer.from(publicKey, "base64url");
  const { privateKey } = generateKeyPairSync("x25519");
  const ephemeral = publicOf(privateKey);
  const key = keyFor({ privateKey, publicKey: keyFrom(raw), ephemeral, recipient: raw });
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(placeBytes(place));
  const body = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return [VERSION, ...[ephemeral, nonce, body].map((part) => part.toString("base64url"))].join(".");
}

/** @throws Error that says nothing of the value when it was not sealed for this key and this place, or was altered. */
export function openSealed(privatePem: string, sealed: string, place: SealPlace): string {
  const [version, ...rest] = sealed.split(".");
  const [ephemeral, nonce, body] = rest.map((part) => Buffer.from(part, "base64url"));
  const fits =
    version === VERSION &&
    rest.length === 3 &&
    ephemeral?.length === KEY_BYTES &&
    nonce?.length === NONCE_BYTES &&
    body !== undefined &&
    body.length >= TAG_BYTES;
  if (!fits) throw new Error("This is not a sealed value.");
  try {
    const privateKey = createPrivateKey(privatePem);
    const recipient = publicOf(privateKey);
    const key = keyFor({ privateKey, publicKey: keyFrom(ephemeral), ephemeral, recipient });
    const decipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(placeBytes(place)).setAuthTag(body.subarray(body.length - TAG_BYTES));
    const plain = Buffer.concat([decipher.update(body.subarray(0, body.length - TAG_BYTES)), decipher.final()]);
    return plain.toString("utf8");
  } catch {
    throw new Error("The sealed value is for another node or another place, or was altered.");
  }
}

interface Agreement {
  privateKey: KeyObject;
  publicKey: KeyObject;
  ephemeral: Buffer;
  recipient: Buffer;
}

/** Both public keys go into the derivation, so that a key is one of exactly these two. A shared secret of zeros is refused by OpenSSL. */
function keyFor({ privateKey, publicKey, ephemeral, recipient }: Agreement): Buffer {
  const shared = diffieHellman({ privateKey, publicKey });
  return Buffer.from(hkdfSync("sha256", shared, Buffer.concat([ephemeral, recipient]), INFO, KEY_BYTES));
}

function publicOf(key: KeyObject): Buffer {
  const { crv, x } = createPublicKey(key).export({ format: "jwk" });
  if (crv !== "X25519" || x === undefined) throw new Error("This is not an X25519 key.");
  return Buffer.from(x, "base64url");
}

function keyFrom(raw: Buffer): KeyObject {
  if (raw.length !== KEY_BYTES) throw new Error(`An X25519 key has ${KEY_BYTES} bytes.`);
  return createPublicKey({ key: { kty: "OKP", crv: "X25519", x: raw.toString("base64url") }, format: "jwk" });
}
