import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../compiler.mjs";

/** What `fromPrompt` ends with when the terminal was not put back. */
const NOT_RESTORED = 200;
const FROM_A_PROMPT = `errors=$0; mode=$(stty -g)
if [ "$errors" = - ]; then "$@"; else "$@" 2>"$errors"; fi; code=$?
for try in 1 2 3 4 5 6 7 8 9; do [ "$(stty -g)" = "$mode" ] && exit $code; sleep 0.$try; done; exit ${NOT_RESTORED}`;

/** Builds the terminal of the tests into this folder; answers its path. */
export function buildEmulator(folder: string): string {
  const emulator = join(folder, "pty");
  compile(["-O1", "-w", "-o", emulator, join(dirname(fileURLToPath(import.meta.url)), "pty.c")]);
  return emulator;
}

/**
 * The line to start for a command on a terminal of 90 by 25, from what a person's shell is to it: it has the terminal before and after,
 * also when the command was killed. `errors`: a file for what it says on stderr; `-` leaves that on the terminal.
 */
export const fromPrompt = (emulator: string, errors: string, command: readonly string[]): string[] => [
  ...[emulator, "90", "25", "sh", "-c", FROM_A_PROMPT, errors],
  ...command,
];

export interface PtySession {
  child: ChildProcess;
  type(text: string): void;
  /** Resolves once the screen shows this text below what the last call waited for. */
  shows(text: string): Promise<void>;
  screen(): string;
  errors(): string;
  code: Promise<number | null>;
}

/** Starts a line, with its standard input as the keyboard and its standard output as the screen. */
export function ptySession([program = "", ...rest]: readonly string[], options: SpawnOptions = {}): PtySession {
  const child = spawn(program, rest, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  let screen = "";
  let seen = 0;
  let errors = "";
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("latin1").on("data", (text) => {
    screen += text;
    for (const look of watchers) look();
  });
  child.stderr.on("data", (text) => {
    errors += text;
  });
  child.stdin.on("error", () => {});
  return {
    child,
    type: (text) => void child.stdin.write(text),
    shows: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          const at = screen.indexOf(text, seen);
          if (at < 0) return;
          seen = at + text.length;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    screen: () => screen,
    errors: () => errors,
    code: new Promise((resolve) => child.on("close", resolve)),
  };
}
