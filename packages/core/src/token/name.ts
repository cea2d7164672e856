/**
 * Threat: whoever makes a key names it as somebody else, or so that it reads as something else than it is, and approvers and the
 * audit read that name. Invariant: a key is spoken of as `NAME (key of OWNER)`, and the name holds nothing that hides or turns that.
 */
import { z } from "zod";

const NAME_CHARS_MAX = 64;
/** Control, invisible, direction and private characters, and ends of lines and paragraphs. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}]/u;
const UNSEEN_EACH = new RegExp(UNSEEN, "gu");
/** In whatever width: brackets belong to the owner. */
const hasBrackets = (name: string): boolean => /[()]/.test(name.normalize("NFKC"));

export const keyNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(NAME_CHARS_MAX)
  .refine((name) => !UNSEEN.test(name), "use characters that can be seen")
  .refine((name) => !hasBrackets(name), "leave out round brackets: in them stands whose key it is");

/** How a key is called wherever it acts. Names that were given before there was a rule are shown with what they hide. */
export const labelOfKey = (key: { name: string; ownerLabel: string }): string =>
  `${key.name.replace(UNSEEN_EACH, "\uFFFD")} (key of ${key.ownerLabel})`;
