/**
 * Follows what a program does to the terminal, to know when a line of ours would tear its picture, and what to put back at its end.
 *
 * Lines are held back while the program is on the alternate screen (an editor, a pager), edits a line (bracketed paste is on: a shell's
 * prompt, and agents that draw below the last line), hides the cursor (a spinner) or reads the mouse. In each of these it computes
 * positions from what it wrote itself; a foreign line would shift them, and its next drawing would erase the line anyway.
 *
 * A hostile program can keep itself in such a state for ever. It then hides lines only until it ends: the summary says them all.
 */

const ESC = 0x1b;
/** Longer sequences are nothing that is followed here. */
const PARAMETERS_MAX = 64;

/** Private modes that say that the program owns the screen, with what puts each back. */
const OWNING: Readonly<Record<string, string>> = {
  "47": "\x1b[?47l",
  "1047": "\x1b[?1047l",
  "1049": "\x1b[?1049l",
  "2004": "\x1b[?2004l",
  "1000": "\x1b[?1000l",
  "1002": "\x1b[?1002l",
  "1003": "\x1b[?1003l",
  "1004": "\x1b[?1004l",
  "1006": "\x1b[?1006l",
  "2026": "\x1b[?2026l",
};
const CURSOR = "25";
const SHOW_CURSOR = "\x1b[?25h";
const PLAIN = "\x1b[0m";
/** Ends any sequence: CAN, then a string terminator for terminals that wait for one. */
const CANCEL = "\x18\x1b\\";

type State = "text" | "escape" | "control" | "string" | "string-escape";

export interface Screen {
  take(bytes: Uint8Array): void;
  /** A line of ours would tear something. */
  readonly owned: boolean;
  /** The cursor stands at the beginning of a line that nothing was written to. */
  readonly atLineStart: boolean;
  /** What puts the terminal back as a shell wants it; empty when nothing was changed. */
  restore(): string;
}

export function createScreen(): Screen {
  const modes = new Set<string>();
  let hidden = false;
  let coloured = false;
  let state: State = "text";
  let parameters = "";
  let atLineStart = true;

  function control(final: string): void {
    if (final === "m") coloured = parameters !== "" && parameters !== "0";
    if (final === "p" && parameters === "!") reset();
    if ((final !== "h" && final !== "l") || !parameters.startsWith("?")) return;
    for (const mode of parameters.slice(1).split(";")) {
      if (mode === CURSOR) hidden = final === "l";
      else if (final === "l") modes.delete(mode);
      else if (Object.hasOwn(OWNING, mode)) modes.add(mode);
    }
  }
  function reset(): void {
    modes.clear();
    hidden = false;
    coloured = false;
  }

  function step(byte: number): void {
    if (state === "text") {
      if (byte === ESC) state = "escape";
      else if (byte === 0x0a) atLineStart = true;
      else if (byte >= 0x20) atLineStart = false;
    } else if (state === "escape") {
      parameters = "";
      if (byte === 0x5b) state = "control";
      else if (byte === 0x5d || byte === 0x50 || byte === 0x5e || byte === 0x5f) state = "string";
      else {
        if (byte === 0x63) reset();
        state = "text";
      }
    } else if (state === "control") {
      if (byte === ESC) state = "escape";
      else if (byte >= 0x40 && byte <= 0x7e) {
        control(String.fromCharCode(byte));
        state = "text";
      } else if (parameters.length < PARAMETERS_MAX) parameters += String.fromCharCode(byte);
    } else if (state === "string") {
      if (byte === 0x07) state = "text";
      else if (byte === ESC) state = "string-escape";
    } else state = byte === 0x5c ? "text" : "string";
  }

  return {
    take(bytes) {
      for (const byte of bytes) step(byte);
    },
    get owned() {
      return hidden || modes.size > 0 || state !== "text";
    },
    get atLineStart() {
      return atLineStart;
    },
    restore() {
      // A sequence left open would swallow what is written next: a summary as a window title, unseen.
      const undo = state === "text" ? [] : [CANCEL];
      undo.push(...[...modes].map((mode) => OWNING[mode] ?? ""));
      if (hidden) undo.push(SHOW_CURSOR);
      if (undo.length > 0 || coloured) undo.push(PLAIN);
      return undo.join("");
    },
  };
}
