import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const source = fileURLToPath(new URL("../../../packages/sandbox/test/pty.c", import.meta.url));
const withCompiler = spawnSync("cc", ["--version"]).status === 0;
const NOT_RESTORED = 200;
/** What a person's shell does: it has the terminal before and after, also when creel was killed. */
const FROM_A_PROMPT = `mode=$(stty -g); "$@"; code=$?
for try in 1 2 3 4 5 6 7 8 9; do [ "$(stty -g)" = "$mode" ] && exit $code; sleep 0.$try; done; exit ${NOT_RESTORED}`;
const TIMEOUT_MS = 60_000;
let folder: string;
let emulator: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-terminal-test-"));
  emulator = join(folder, "pty");
  if (withCompiler) execFileSync("cc", ["-O1", "-w", "-o", emulator, source]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Session {
  child: ChildProcess;
  type(text: string): void;
  /** Resolves once the screen shows this text below what the last call waited for. */
  shows(text: string): Promise<void>;
  screen(): string;
  /** The pid of `creel run` itself. */
  creelPid(): number;
  code: Promise<number | null>;
}

/** `creel run -- command` on a terminal of 90 by 25, as from a shell's prompt. */
function session(command: string[]): Session {
  const line = [process.execPath, "--import", "tsx", main, "run", "--", ...command];
  const child = spawn(emulator, ["90", "25", "sh", "-c", FROM_A_PROMPT, "sh", ...line], {
    env: { ...process.env, CREEL_HOME: join(folder, "home"), XDG_CONFIG_HOME: folder, TERM: "xterm" },
  });
  let screen = "";
  let seen = 0;
  const watchers = new Set<() => void>();
  child.stdout.setEncoding("latin1").on("data", (text) => {
    screen += text;
    for (const look of watchers) look();
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
    // The emulator's child is the prompt's shell; its only child is creel.
    creelPid: () => childOf(childOf(child.pid ?? 0)),
    code: new Promise((resolve) => child.on("close", resolve)),
  };
}

function childOf(pid: number): number {
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (new RegExp(`^PPid:\\s+${pid}$`, "m").test(readFileSync(`/proc/${name}/status`, "utf8"))) return Number(name);
    } catch {
      // It ended meanwhile.
    }
  }
  throw new Error(`${pid} has no child`);
}

describe.skipIf(!withCompiler)("creel run on a terminal (needs a C compiler for the terminal)", () => {
  it("gives an interactive shell the window's size, job control and its exit code", {
    timeout: TIMEOUT_MS,
    // Hung in two of ten runs on a busy machine, for a reason that is not found yet (docs/STATUS.md).
    retry: 1,
  }, async () => {
    const prompt = "re> ";
    const run = session(["env", `PS1=${prompt}`, "sh", "-i"]);
    await run.shows(prompt);
    run.type("stty size\r");
    await run.shows("25 90\r\n");
    run.type("cat\rone\r");
    await run.shows("one\r\none\r\n");
    run.type("\u0003");
    await run.shows(prompt);
    run.type("echo code $?\r");
    await run.shows("code 130\r\n");
    run.type("exit 4\r");
    expect(await run.code).toBe(4);
  });

  it("follows a window that grows", { timeout: TIMEOUT_MS }, async () => {
    const run = session(["sh", "-c", "trap 'stty size; exit 0' WINCH; echo rea''dy; while :; do sleep 0.1; done"]);
    await run.shows("ready");
    run.child.kill("SIGUSR1");
    expect(await run.code).toBe(0);
    // The terminal may be the caller's again when the last line reaches it: then it writes one more return, which nobody sees.
    expect(run.screen()).toMatch(/43 132\r+\n/);
  });

  it.each([
    ["SIGTERM", 143],
    ["SIGKILL", 137],
  ] as const)(
    "puts the terminal back when creel gets %s while the command has made it raw",
    { timeout: TIMEOUT_MS },
    async (signal, code) => {
      const run = session(["sh", "-c", "stty raw -echo; printf ready; exec sleep 1000000"]);
      await run.shows("ready");
      process.kill(run.creelPid(), signal);
      expect(await run.code).toBe(code);
    },
  );

  it("leaves the alternate screen and shows the cursor when a program ends without doing so", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const run = session(["sh", "-c", "printf '\\033[?1049h\\033[?25l'; exit 3"]);
    expect(await run.code).toBe(3);
    const ended = run.screen().slice(run.screen().indexOf("\u001b[?1049h\u001b[?25l"));
    expect(ended).toContain("\u001b[?1049l");
    expect(ended).toContain("\u001b[?25h");
  });
});
