import { randomInt } from "node:crypto";
import { hashToken, makeDeviceCode } from "../secrets/tokens.ts";

/** RFC 8628 6.1: twenty consonants, none read as another, no words; eight of them are 34 bits, in ten minutes and twenty tries a person. */
const LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const HALF_CHARS = 4;

const half = (): string => Array.from({ length: HALF_CHARS }, () => LETTERS[randomInt(LETTERS.length)]).join("");

/** Two codes that were made for each other: the one a program keeps, and the one a person types. */
export const makeCodes = () => ({ deviceCode: makeDeviceCode(), userCode: `${half()}-${half()}` });

export const deviceCodeHash = (deviceCode: string): string => hashToken(`creel device ${deviceCode}`);

const TYPED = new RegExp(`^[${LETTERS}]{${2 * HALF_CHARS}}$`);
/** Of what was typed, in whatever case, with or without its dash; null when it is no such code. */
export function userCodeHash(typed: string): string | null {
  const plain = typed.toUpperCase().replaceAll(/[\s-]/g, "");
  return TYPED.test(plain) ? hashToken(`creel device user ${plain}`) : null;
}
