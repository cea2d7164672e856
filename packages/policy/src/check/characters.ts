/**
 * Characters that a reviewer cannot see. Threat: text that shows one thing and means another (direction marks, zero-width letters,
 * fillers, look-alikes of a space), or bytes that were no UTF-8 and were replaced while reading. They are refused anywhere, also in
 * comments, by the one list that exceptions are refused by.
 */
import type { Place } from "../types.ts";
import { neverSeen } from "../visible.ts";
import type { Problems } from "../yaml/problems.ts";

const BYTE_ORDER_MARK = "\ufeff";
/** What a decoder puts where bytes were no UTF-8. */
const REPLACEMENT = "\ufffd";
/** One is enough to show that a file is not what it seems; a binary file would fill the list. */
const HIDDEN_TOLD_MAX = 5;
/** Most files are printable ASCII alone. */
const UNUSUAL = /[^\t\n\r\x20-\x7e]/;
/** Some languages and emoji are written with joiners, between two of their signs; beside ASCII they change what is meant and nothing that is seen. */
const JOINER_IN_ITS_PLACE = /(?<=[^\0-\x7f\u200c\u200d])[\u200c\u200d](?=[^\0-\x7f\u200c\u200d])/u;
/** Most emoji are typed with it: it chooses colours for the pictograph before it. Behind anything else it would be a difference that nobody sees. */
const COLOURED_PICTOGRAPH = /(?<=\p{Extended_Pictographic})\ufe0f/u;

/** A byte order mark may begin the file. */
export function checkCharacters(text: string, problems: Problems): void {
  if (!UNUSUAL.test(text)) return;
  let told = 0;
  for (const { 0: sign, index } of text.matchAll(refused())) {
    if (index === 0 && sign === BYTE_ORDER_MARK) continue;
    const place = placeOf(text, index);
    if (sign === REPLACEMENT)
      problems.error("not_utf8", place, "The file holds bytes that are no UTF-8.", "Save the file as UTF-8.");
    else problems.error("hidden_character", place, `Here stands ${nameOf(sign)}.`, remedyOf(sign));
    if (++told >= HIDDEN_TOLD_MAX) return;
  }
}

const refused = (): RegExp =>
  new RegExp(
    `(?!${JOINER_IN_ITS_PLACE.source}|${COLOURED_PICTOGRAPH.source})(?:${neverSeen().source}|${REPLACEMENT})`,
    "gu",
  );

function nameOf(sign: string): string {
  const code = `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
  if (/\p{Zs}/u.test(sign)) return `${code}, which looks like a space and is none`;
  if (/\p{VS}/u.test(sign)) return `${code}, which nobody sees and which changes how the sign before it is drawn`;
  if (/\p{Co}/u.test(sign)) return `the private character ${code}, which each font draws as it likes, or not at all`;
  if (/[\u200c\u200d]/.test(sign))
    return `the joiner ${code}, which means something only between two signs that are joined`;
  return `the invisible character ${code}`;
}

const AS_ESCAPE = "in a quoted text it may be written as an escape";
const remedyOf = (sign: string): string =>
  /\p{Zs}/u.test(sign) ? `Write an ordinary space; ${AS_ESCAPE}.` : `Remove it; ${AS_ESCAPE}.`;

function placeOf(text: string, index: number): Place {
  const before = text.slice(0, index);
  const line = before.split("\n").length;
  return { line, column: index - before.lastIndexOf("\n"), field: "" };
}
