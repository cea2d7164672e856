import type { Place } from "@creel/policy";
import { type Paint, printable } from "../../io.ts";

/** A line of a minified file would fill the screen; what matters stands around the column. */
const LINE_CHARS_MAX = 140;
const CHARS_BEFORE_COLUMN = 60;

export interface ExcerptOptions {
  /** Lines shown above the one that is meant. */
  linesBefore?: number;
  /** Colour of the caret. */
  style?: "red" | "yellow" | "green" | "cyan";
}

/** Once per file: a large one has many problems. */
export const linesOf = (yaml: string): string[] => yaml.split("\n");

/** The line of the file that is meant, numbered, with a caret under the word at the column. */
export function excerpt(lines: readonly string[], place: Place, paint: Paint, options: ExcerptOptions = {}): string[] {
  if (place.line < 1 || place.line > lines.length) return [];
  const first = Math.max(1, place.line - (options.linesBefore ?? 1));
  const width = String(place.line).length;
  const gutter = (label: string): string => paint("dim", `${label.padStart(width + 2)} | `);
  const raw = (number: number): string => (lines[number - 1] ?? "").replace(/\r$/, "");
  // All lines of one excerpt are cut at the same column, so that indentation still reads.
  const cut = raw(place.line).length > LINE_CHARS_MAX ? Math.max(0, place.column - 1 - CHARS_BEFORE_COLUMN) : 0;
  const shown = (text: string): string => printable(text.slice(cut, cut + LINE_CHARS_MAX));
  const result: string[] = [];
  for (let number = first; number <= place.line; number++)
    result.push(`${gutter(String(number))}${shown(raw(number))}`.trimEnd());
  const start = Math.min(place.column - 1, raw(place.line).length);
  const indent = displayWidth(printable(raw(place.line).slice(cut, start)));
  const caret = "^".repeat(Math.min(wordWidth(raw(place.line).slice(start)), LINE_CHARS_MAX));
  result.push(`${gutter("")}${" ".repeat(indent)}${paint(options.style ?? "red", caret)}`);
  return result;
}

/** The word, quoted text or single sign that begins here. */
function wordWidth(text: string): number {
  const word = /^("[^"]*"|'[^']*'|[^\s,:{}[\]"'#]+)/.exec(text)?.[0] ?? "";
  return Math.max(1, displayWidth(word));
}

/** Columns on a terminal: East Asian wide signs take two. Good enough to put a caret under a word. */
function displayWidth(text: string): number {
  let width = 0;
  for (const sign of text) {
    if (/\p{Mn}/u.test(sign)) continue;
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u.test(sign)
      ? 2
      : 1;
  }
  return width;
}
