import type { Readable } from "node:stream";

declare const made: unique symbol;
/**
 * Text that may be written. Threat: what a file, a record, a server or a sandbox says writes a line of its own into our answer, turns its
 * direction or hides in it. Invariant: only the makers of this file give this type, and each says what it lets through.
 */
export type Printed = string & { readonly [made]: true };

/** Where a command reads and writes; the tests hand in their own. */
export interface Io {
  stdin: Readable;
  out(text: Printed): void;
  err(text: Printed): void;
  /** Colours and redrawn lines only where a person looks. */
  colour: boolean;
  /** The width that sentences are wrapped to; absent where the output is no terminal. */
  columns?: number;
  /** What of the terminal is there: somebody who types, somebody who watches progress. Absent: nobody. */
  terminal?: { types: boolean; watches: boolean };
}

/** For a terminal that does not say how wide it is. */
const COLUMNS_DEFAULT = 100;

export function processIo(): Io {
  return {
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colour: process.stdout.isTTY === true && process.stdout.hasColors(),
    ...(process.stdout.isTTY === true ? { columns: process.stdout.columns || COLUMNS_DEFAULT } : {}),
    terminal: { types: process.stdin.isTTY === true, watches: process.stderr.isTTY === true },
  };
}

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;
export const painter =
  (colour: boolean): Paint =>
  (style, text) =>
    colour ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;

/**
 * Signs that steer a terminal or that nobody sees: controls, line and paragraph separators, direction marks, fillers, signs without a
 * meaning of their own.
 */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{DI}]/gu;
const MASK = "·";

/** Text from outside as a part of one line of ours. One sign stays one sign, so that columns fit. */
export const printable = (text: string): string => text.replaceAll("\t", " ").replace(UNSEEN, MASK);

/** Exactly what `painter` writes. */
const PAINTED = new RegExp(`\\x1b\\[(?:0|${Object.values(CODES).join("|")})m`, "g");
const REDRAW = "\r\x1b[2K";

/** This file alone vouches for what it made. */
const printed = (text: string): Printed => text as Printed;

/** One line and never two, whatever stands in it; only the painter's colours pass. */
export function line(text: string): Printed {
  return printed(`${masked(text)}\n`);
}

function masked(text: string): string {
  let result = "";
  let end = 0;
  for (const colour of text.matchAll(PAINTED)) {
    result += printable(text.slice(end, colour.index)) + colour[0];
    end = colour.index + colour[0].length;
  }
  return result + printable(text.slice(end));
}

/** What a command wrote, or a page of ours: its lines stay, nothing else of it steers the terminal. */
export const page = (text: string): Printed => printed(text.split(/\r?\n/).map(keepTabs).join("\n"));
const keepTabs = (text: string): string => text.split("\t").map(masked).join("\t");

/** In place of the line that stands there; the next one overwrites it. */
export const redrawn = (text: string): Printed => printed(`${REDRAW}${masked(text)}`);

/** What JSON leaves as it is and a terminal may obey: C1 controls, marks of direction and of no width, line separators. */
const STEERS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const escaped = (sign: string): string =>
  Array.from({ length: sign.length }, (_, at) => `\\u${sign.charCodeAt(at).toString(16).padStart(4, "0")}`).join("");

/** For programs, and harmless where a person reads it in a terminal: the same value, with what steers terminals written as escapes. */
export const jsonLine = (value: unknown): Printed =>
  printed(`${`${JSON.stringify(value)}`.replace(STEERS, escaped)}\n`);

/** A file's text on standard output, byte for byte, for another program or a new file. */
export const exact = (text: string): Printed => printed(text);
