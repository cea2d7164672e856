import { createHash, randomBytes } from "node:crypto";
import { crc32Hex } from "./crc32.ts";

/** 256 random bits need no salt and no slow hash: there is nothing to guess, so SHA-256 is what is stored. */
const SECRET_BYTES = 32;
const PREFIX_BYTES = 4;

export const hashToken = (token: string): string => createHash("sha256").update(token, "utf8").digest("hex");

/** `creel_<prefix>_<secret><checksum>`, shown once. The checksum is the CRC-32 of all before it, as scanners for leaked keys know it. */
export function makeApiToken(): string {
  const prefix = randomBytes(PREFIX_BYTES).toString("hex");
  const body = `creel_${prefix}_${randomBytes(SECRET_BYTES).toString("hex")}`;
  return body + crc32Hex(body);
}

const API_TOKEN = /^(creel_([0-9a-f]{8})_[0-9a-f]{64})([0-9a-f]{8})$/;
/** Keys of the first form carried a checksum of our own; they work until they end. */
const FIRST_FORM = /^(creel_([0-9a-f]{8})_[0-9a-f]{64})([0-9a-f]{6})$/;
const firstChecksum = (text: string): string => hashToken(`creel token checksum ${text}`).slice(0, 6);

/** The public prefix of a well-formed token, else null: a mistyped token costs no look-up, a leaked one is recognisable. */
export function apiTokenPrefix(token: string): string | null {
  for (const [form, sumOf] of [[API_TOKEN, crc32Hex] as const, [FIRST_FORM, firstChecksum] as const]) {
    const [, body, prefix, sum] = form.exec(token) ?? [];
    if (body !== undefined && prefix !== undefined && sumOf(body) === sum) return prefix;
  }
  return null;
}

const random = (kind: string): string => kind + randomBytes(SECRET_BYTES).toString("base64url");
export const makeSessionToken = (): string => random("creels_");
export const makeInvitationToken = (): string => random("creeli_");
export const makeEnrollSecret = (): string => random("creele_");
export const makeDeviceCode = (): string => random("creeld_");
