import { createHash, randomBytes } from "node:crypto";

/** 256 random bits need no salt and no slow hash: there is nothing to guess, so SHA-256 is what is stored. */
const SECRET_BYTES = 32;
const PREFIX_BYTES = 4;
const CHECKSUM_CHARS = 6;

export const hashToken = (token: string): string => createHash("sha256").update(token, "utf8").digest("hex");
const checksum = (text: string): string => hashToken(`creel token checksum ${text}`).slice(0, CHECKSUM_CHARS);

/** `creel_<prefix>_<secret>`, shown once. The last characters of the secret are a checksum over the rest. */
export function makeApiToken(): string {
  const prefix = randomBytes(PREFIX_BYTES).toString("hex");
  const body = `creel_${prefix}_${randomBytes(SECRET_BYTES).toString("hex")}`;
  return body + checksum(body);
}

const API_TOKEN = /^(creel_([0-9a-f]{8})_[0-9a-f]{64})([0-9a-f]{6})$/;

/** The public prefix of a well-formed token, else null: a mistyped token costs no look-up, a leaked one is recognisable. */
export function apiTokenPrefix(token: string): string | null {
  const [, body, prefix, sum] = API_TOKEN.exec(token) ?? [];
  return body !== undefined && prefix !== undefined && checksum(body) === sum ? prefix : null;
}

const random = (kind: string): string => kind + randomBytes(SECRET_BYTES).toString("base64url");
export const makeSessionToken = (): string => random("creels_");
export const makeEnrollSecret = (): string => random("creele_");
