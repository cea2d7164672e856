import type { Readable } from "node:stream";

/** Where a command reads and writes; the tests hand in their own. */
export interface Io {
  stdin: Readable;
  out(text: string): void;
  err(text: string): void;
  /** Colours and redrawn lines only where a person looks. */
  colour: boolean;
  /** What of the terminal is there: somebody who types, somebody who watches progress. Absent: nobody. */
  terminal?: { types: boolean; watches: boolean };
}

export function processIo(): Io {
  return {
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    colour: process.stdout.isTTY === true && process.stdout.hasColors(),
    terminal: { types: process.stdin.isTTY === true, watches: process.stderr.isTTY === true },
  };
}

export const line = (text: string): string => `${text}\n`;
export const jsonLine = (value: unknown): string => `${JSON.stringify(value)}\n`;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Paint = (style: keyof typeof CODES, text: string) => string;
export const painter =
  (colour: boolean): Paint =>
  (style, text) =>
    colour ? `\x1b[${CODES[style]}m${text}\x1b[0m` : text;

/** Text that came from a sandbox or a server must not steer the terminal it is shown on. */
export function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is taken out
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "·");
}
