/** Texts, numbers and keys as YAML. Invariant: every YAML 1.2 reader reads back the same value, whatever characters it holds. */
import { neverSeen } from "../visible.ts";

/** Begins with a letter or slash and holds nothing that means something to YAML, in brackets or out of them. */
const PLAIN = /^[A-Za-z/](?:[A-Za-z0-9/._ ()'+@=-]*[A-Za-z0-9/._()'+@=-])?$/;
/** The same where no brackets are open, so that a comma is only a comma. */
const PLAIN_IN_BLOCK = /^[A-Za-z/](?:[A-Za-z0-9/._ ()'+@=,;-]*[A-Za-z0-9/._()'+@=-])?$/;
/** Words that some reader, of YAML 1.1 or 1.2, takes for something other than text. */
const RESERVED = /^(true|false|null|yes|no|on|off|y|n)$/i;
/** All that the reader refuses to see unescaped, and joiners wherever they stand: what is beside them may become an escape too. */
const UNSEEN = new RegExp(`${neverSeen().source}|\ufffd`, "gu");

/** Plain where it reads back as the same text, in double quotes otherwise; by default as it may stand anywhere. */
export function scalarText(text: string, style: "flow" | "block" = "flow"): string {
  if ((style === "flow" ? PLAIN : PLAIN_IN_BLOCK).test(text) && !RESERVED.test(text)) return text;
  return escapeUnseen(JSON.stringify(text));
}

/** For text in double quotes: each character that nobody would see, as the escape of YAML that means it. */
export const escapeUnseen = (quoted: string): string => quoted.replace(UNSEEN, escaped);

function escaped(sign: string): string {
  const code = sign.codePointAt(0) ?? 0;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}

export function scalarOf(value: string | number | boolean | null, style: "flow" | "block" = "flow"): string {
  if (typeof value === "string") return scalarText(value, style);
  if (typeof value !== "number") return String(value);
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return Object.is(value, -0) ? "-0" : String(value);
}

/** YAML reads an implicit key only within 1,024 characters; the quotes and escapes count. */
const IMPLICIT_KEY_CHARS_MAX = 1000;
export const isLongKey = (printedKey: string): boolean => printedKey.length > IMPLICIT_KEY_CHARS_MAX;
