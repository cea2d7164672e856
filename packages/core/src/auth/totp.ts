import { createHmac, timingSafeEqual } from "node:crypto";

/** Time-based one-time passwords (RFC 6238) as authenticator apps make them: SHA-1, 30 seconds, six digits. */
export const TOTP_SECRET_BYTES = 20;
const STEP_MS = 30_000;
const DIGITS = 6;
/** One step either way: a phone's clock that is off by half a minute, or a code typed at its end (RFC 6238 5.2). */
const DRIFT_STEPS = 1;

export const stepAt = (now: Date): number => Math.floor(now.getTime() / STEP_MS);

/** HOTP of RFC 4226 5.3 for a counter. */
export function codeAt(secret: Uint8Array, step: number, digits = DIGITS): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, "0");
}

/** The step the code is good for, newer than the last one taken; null when there is none. Every step is compared, whatever fits. */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  { now, lastStep }: { now: Date; lastStep: number | null },
): number | null {
  const given = Buffer.from(code.replaceAll(" ", ""), "utf8");
  let found: number | null = null;
  for (let step = stepAt(now) - DRIFT_STEPS; step <= stepAt(now) + DRIFT_STEPS; step++) {
    const wanted = Buffer.from(codeAt(secret, step), "utf8");
    const same = given.length === wanted.length && timingSafeEqual(given, wanted);
    if (same && step > (lastStep ?? -1)) found = step;
  }
  return found;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** RFC 4648 6, without padding: what apps take where no picture can be read. */
export function base32(bytes: Uint8Array): string {
  let bits = "";
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[Number.parseInt(five.padEnd(5, "0"), 2)]).join("");
}

/** What authenticator apps read from a picture. */
export const totpUri = (secret: string, { issuer, account }: { issuer: string; account: string }): string =>
  `otpauth://totp/${encodeURIComponent(`${issuer}:${account}`)}?${new URLSearchParams({ secret, issuer, algorithm: "SHA1", digits: String(DIGITS), period: String(STEP_MS / 1000) })}`;
