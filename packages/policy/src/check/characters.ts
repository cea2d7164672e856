/**
 * Characters that a reviewer cannot see. Threat: text that shows one thing and means another (direction marks, zero-width letters,
 * control characters), or bytes that were no UTF-8 and were replaced while reading. They are refused anywhere, also in comments.
 */
import type { Place } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";

/** First and last of each range. Tab and line ends are YAML's own; the joiners U+200C and U+200D are needed to write some languages. */
const HIDDEN: readonly (readonly [number, number])[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0x9f],
  [0xad, 0xad],
  [0x061c, 0x061c],
  [0x180e, 0x180e],
  [0x200b, 0x200b],
  [0x200e, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x206f],
  [0xfeff, 0xfeff],
  [0xfffd, 0xfffd],
];
const BYTE_ORDER_MARK = 0xfeff;
/** What a decoder puts where bytes were no UTF-8. */
const REPLACEMENT = 0xfffd;
/** One is enough to show that a file is not what it seems; a binary file would fill the list. */
const HIDDEN_TOLD_MAX = 5;

/** A byte order mark may begin the file. */
export function checkCharacters(text: string, problems: Problems): void {
  let told = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // Most of a file is printable ASCII.
    if ((code >= 0x20 && code < 0x7f) || !HIDDEN.some(([first, last]) => code >= first && code <= last)) continue;
    if (index === 0 && code === BYTE_ORDER_MARK) continue;
    const place = placeOf(text, index);
    if (code === REPLACEMENT)
      problems.error("not_utf8", place, "The file holds bytes that are no UTF-8.", "Save the file as UTF-8.");
    else
      problems.error(
        "hidden_character",
        place,
        `Here stands the invisible character U+${code.toString(16).toUpperCase().padStart(4, "0")}.`,
        "Remove it; in a quoted text it may be written as an escape.",
      );
    if (++told >= HIDDEN_TOLD_MAX) return;
  }
}

function placeOf(text: string, index: number): Place {
  const before = text.slice(0, index);
  const line = before.split("\n").length;
  return { line, column: index - before.lastIndexOf("\n"), field: "" };
}
