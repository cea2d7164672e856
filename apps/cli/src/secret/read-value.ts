import type { Readable } from "node:stream";
import { CliError, usageError } from "../exit.ts";
import { type Io, page } from "../io.ts";

/** As the server takes it; read a little further to see that it is too long. */
const VALUE_BYTES_MAX = 16 * 1024;
const [END_OF_TEXT, END_OF_TRANSMISSION, BACKSPACE, DELETE] = ["\u0003", "\u0004", "\b", "\u007f"];

/**
 * A secret's value, from a pipe or typed unseen. Threat: `ps`, a shell's history or somebody's eyes see it. Invariant: it comes by
 * standard input alone, is never echoed, and stands in no error.
 */
export async function readValue(name: string, io: Io): Promise<string> {
  const { stdin } = io;
  const value = io.terminal?.types && isRawable(stdin) ? await typed(stdin, name, io) : await piped(stdin);
  if (value === "")
    throw usageError("no value was given", `Pipe it in: creel secret set ${name} < FILE, or type it when asked.`, name);
  return value;
}

/** All of it, without the one line end that an editor or `echo` leaves. */
async function piped(stdin: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    const piece = Buffer.from(chunk);
    bytes += piece.length;
    // One line end may follow the longest value there is.
    if (bytes > VALUE_BYTES_MAX + 2) throw tooLong();
    chunks.push(piece);
  }
  const text = Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
  if (Buffer.byteLength(text) > VALUE_BYTES_MAX) throw tooLong();
  return text;
}

const tooLong = (): CliError =>
  usageError(`a value has at most ${VALUE_BYTES_MAX} bytes`, "Keep a key or token here, and larger things elsewhere.");

interface Rawable extends Readable {
  setRawMode(raw: boolean): void;
}
const isRawable = (stdin: Readable): stdin is Rawable =>
  "setRawMode" in stdin && typeof stdin.setRawMode === "function";

async function typed(stdin: Rawable, name: string, io: Io): Promise<string> {
  io.err(page(`Value of ${name} (nothing is shown while you type): `));
  stdin.setRawMode(true);
  try {
    return await lineOf(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    io.err(page("\n"));
  }
}

/** One line as it is typed; in raw mode the keys that edit it are ours to obey. */
function lineOf(stdin: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const letters: string[] = [];
    const end = (finish: () => void): void => {
      stdin.off("data", take);
      stdin.off("end", ended);
      finish();
    };
    const ended = (): void => end(() => resolve(letters.join("")));
    /** False when the line is over. */
    const goesOn = (letter: string): boolean => {
      if (letter === "\r" || letter === "\n" || letter === END_OF_TRANSMISSION) ended();
      else if (letter === END_OF_TEXT) end(() => reject(new CliError("nothing was done: the input was ended")));
      else if (letters.length === VALUE_BYTES_MAX) end(() => reject(tooLong()));
      else {
        if (letter === BACKSPACE || letter === DELETE) letters.pop();
        else letters.push(letter);
        return true;
      }
      return false;
    };
    const take = (chunk: Buffer | string): void => {
      for (const letter of chunk.toString()) if (!goesOn(letter)) return;
    };
    stdin.on("data", take);
    stdin.once("end", ended);
  });
}
