import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compiler } from "../../../packages/sandbox/compiler.mjs";
import { buildEmulator, fromPrompt, type PtySession, ptySession } from "../../../packages/sandbox/test/pty-session.ts";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const TIMEOUT_MS = 240_000;
let folder: string;
let emulator: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-terminal-test-"));
  if (compiler !== undefined) emulator = buildEmulator(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Session extends PtySession {
  /** The pid of `creel run` itself. */
  creelPid(): number;
}

/** `creel run -- command` on a terminal of 90 by 25, as from a shell's prompt. */
function session(command: string[]): Session {
  const line = [process.execPath, "--import", "tsx", main, "run", "--", ...command];
  const run = ptySession(fromPrompt(emulator, "-", line), {
    env: { ...process.env, CREEL_HOME: join(folder, "home"), XDG_CONFIG_HOME: folder, TERM: "xterm" },
  });
  // The emulator's child is the prompt's shell; its only child is creel.
  return { ...run, creelPid: () => childOf(childOf(run.child.pid ?? 0)) };
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

describe.skipIf(compiler === undefined)("creel run on a terminal (needs a C compiler for the terminal)", () => {
  it("gives an interactive shell the window's size, job control and its exit code", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const prompt = "re> ";
    const run = session(["env", `PS1=${prompt}`, "sh", "-i"]);
    await run.shows(prompt);
    run.type("stty size\r");
    await run.shows("25 90\r\n");
    // What is typed before the prompt stands above it.
    await run.shows(prompt);
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
    expect(run.screen()).toContain("43 132\r\n");
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

  it("holds lines about denials back while the command draws, and shows them when it is done", {
    timeout: TIMEOUT_MS,
  }, async () => {
    const connect = "(exec 3<>/dev/tcp/192.0.2.1/443; echo x >&3; read -r -t 20 <&3) 2>/dev/null";
    const draw = `printf '\\033[?1049h'; ${connect}; printf 'drawn\\033[?1049l'; read -r`;
    const run = session(["bash", "-c", draw]);
    await run.shows("192.0.2.1:443 for /usr/bin/bash");
    run.type("\r");
    expect(await run.code).toBe(0);
    const screen = run.screen();
    const drawn = screen.slice(screen.indexOf("\u001b[?1049h"), screen.indexOf("\u001b[?1049l"));
    expect(drawn).toContain("drawn");
    expect(drawn).not.toContain("creel:");
  });

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
