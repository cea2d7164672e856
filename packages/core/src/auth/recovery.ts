import { randomBytes } from "node:crypto";
import { hashToken } from "../secrets/tokens.ts";

export const RECOVERY_CODES = 10;
/** 80 random bits: nothing to guess, so a plain hash is what is stored. */
const CODE_BYTES = 10;

/** `xxxxx-xxxxx-xxxxx-xxxxx`, hexadecimal, so that nobody reads an l for a 1. */
export const makeRecoveryCode = (): string => (randomBytes(CODE_BYTES).toString("hex").match(/.{5}/g) ?? []).join("-");

const SHAPE = /^[0-9a-f]{20}$/;
/** The hash of what was typed, with or without its dashes; null when it is no recovery code. */
export function recoveryHash(typed: string): string | null {
  const plain = typed.toLowerCase().replaceAll(/[\s-]/g, "");
  return SHAPE.test(plain) ? hashToken(`creel recovery ${plain}`) : null;
}
