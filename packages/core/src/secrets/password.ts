import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** OWASP's floor for scrypt with 32 MiB: N=2^15, r=8, p=3. One check costs about 0.2 s and 32 MiB at a time. */
const LOG_N = 15;
const R = 8;
const P = 3;
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MEMORY_BYTES_MAX = 64 * 1024 * 1024;

const derive = (password: string, salt: Buffer, cost: { logN: number; r: number; p: number }): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const options = { N: 2 ** cost.logN, r: cost.r, p: cost.p, maxmem: MEMORY_BYTES_MAX };
    // NFKC: the same password typed on another keyboard must be the same bytes.
    scrypt(password.normalize("NFKC"), salt, HASH_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });

/** `scrypt$<log2 N>$<r>$<p>$<salt>$<hash>`, base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, { logN: LOG_N, r: R, p: P });
  return ["scrypt", LOG_N, R, P, salt.toString("base64url"), hash.toString("base64url")].join("$");
}

/** For an account without a password the same work is done, so that time does not tell which accounts exist. */
export async function verifyPassword(password: string, stored: string | null): Promise<boolean> {
  const [scheme, logN, r, p, salt = "", hash = ""] = (stored ?? "").split("$");
  const cost = { logN: Number(logN), r: Number(r), p: Number(p) };
  if (scheme !== "scrypt" || !(cost.logN >= 10 && cost.logN <= 16 && cost.r === R && cost.p >= 1 && cost.p <= 8)) {
    await derive(password, randomBytes(SALT_BYTES), { logN: LOG_N, r: R, p: P });
    return false;
  }
  const wanted = Buffer.from(hash, "base64url");
  const given = await derive(password, Buffer.from(salt, "base64url"), cost);
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}
