/**
 * The way of the command's output to the user's terminal, with our own lines between it.
 *
 * Threat: a line of ours in the midst of a full-screen program garbles both. Invariant: the command's bytes pass unchanged and in their
 * order; ours are written only where `Screen` says that nobody draws, and always as whole lines.
 */
import type { Readable, Writable } from "node:stream";
import { createScreen } from "./screen.ts";

/** Held back while the program draws. More than this nobody scrolls through, and the summary counts them all. */
const HELD_MAX = 50;

export interface OwnLines {
  /** One line without its end. */
  write(text: string): void;
  /** Everything of the command has been written; the terminal is put back. What is still held is dropped: the summary says it. */
  end(): void;
}

/** Passes `output` on to the terminal until it ends. */
export function throughTerminal(output: Readable, terminal: Writable): OwnLines {
  const screen = createScreen();
  const held: string[] = [];
  const emit = (text: string): void => {
    // The terminal is raw meanwhile: a line feed alone would not return to the first column.
    terminal.write(`${screen.atLineStart ? "" : "\r\n"}${text}\r\n`);
    screen.take(Buffer.from("\n"));
  };
  output.on("data", (chunk: Buffer) => {
    screen.take(chunk);
    if (!terminal.write(chunk)) {
      output.pause();
      terminal.once("drain", () => output.resume());
    }
    if (!screen.owned) for (const text of held.splice(0)) emit(text);
  });
  return {
    write(text) {
      if (!screen.owned) emit(text);
      else if (held.length < HELD_MAX) held.push(text);
    },
    end() {
      held.length = 0;
      const undo = screen.restore();
      terminal.write(screen.atLineStart ? undo : `${undo}\r\n`);
    },
  };
}
