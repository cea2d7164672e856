import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LaunchError, runSandbox } from "../src/index.ts";
import { attackProgram, cleanUp, temporary } from "./kit.ts";
import { buildEmulator, fromPrompt, type PtySession, ptySession } from "./pty-session.ts";

const here = dirname(fileURLToPath(import.meta.url));
let emulator: string;
beforeAll(() => {
  attackProgram(); // builds the launcher of a fresh checkout
  emulator = buildEmulator(temporary());
});
afterAll(cleanUp);

interface Session extends PtySession {
  work: string;
  agentPid(): Promise<number>;
}

interface How {
  /** "window": on a terminal, as from a shell's prompt. "pipe": standard input and output are pipes. */
  caller: "window" | "pipe";
  size?: { columns: number; rows: number };
  /** How the caller has the command's output: "pipe" is one that looks at it and writes it itself. */
  output?: "inherit" | "pipe";
}

function session(command: string[], { caller, size = { columns: 90, rows: 25 }, output = "inherit" }: How): Session {
  const base = temporary();
  for (const name of ["run", "state", "work"]) mkdirSync(join(base, name), { mode: 0o700 });
  const spec = {
    ...{ id: "terminal", runDir: join(base, "run"), stateDir: join(base, "state"), command },
    mounts: [{ source: join(base, "work"), target: "/sandbox/work", mode: "rw" }],
  };
  const node = [process.execPath, "--import", "tsx", join(here, "run-foreground.ts"), JSON.stringify(spec)];
  const line = [...node, JSON.stringify(size), output];
  const errors = join(base, "errors");
  const run = ptySession(caller === "window" ? fromPrompt(emulator, errors, line) : line);
  const read = (): string => (caller === "window" ? readFileSync(errors, "utf8") : run.errors());
  return {
    ...run,
    work: join(base, "work"),
    agentPid: async () => {
      await expect.poll(() => Number.parseInt(read(), 10)).toBeGreaterThan(1);
      return Number.parseInt(read(), 10);
    },
  };
}

test("the command has a terminal of the sandbox's own, of the size asked for, and the caller's is put back", async () => {
  const run = session(["sh", "-c", "tty; ls -1 /dev/pts; stty size; read line; echo got $line; exit 7"], {
    caller: "window",
  });
  await run.shows("25 90");
  run.type("hello\r");
  expect(await run.code).toBe(7);
  expect(run.screen()).toContain("/dev/pts/0\r\n0\r\nptmx\r\n25 90\r\n");
  expect(run.screen()).toContain("got hello\r\n");
});

test("a descriptor or name of the caller's terminal is nowhere inside", async () => {
  const run = session(["sh", "-c", "ls -l /proc/self/fd/ | sed 's/.*-> //'; head -n 1 /dev/tty; exit 0"], {
    caller: "window",
  });
  await run.shows("/dev/pts/0");
  run.type("typed\r");
  expect(await run.code).toBe(0);
  const shown = run.screen().match(/\/dev\/[a-z]+(\/\d+)?/g) ?? [];
  expect(new Set(shown)).toEqual(new Set(["/dev/pts/0"]));
});

test("Ctrl-C ends the job and not the shell, Ctrl-Z stops it", async () => {
  const run = session(["sh", "-i"], { caller: "window" });
  const prompt = "re> ";
  run.type("PS1='re''> '\r");
  await run.shows(prompt);
  run.type("cat\rone\r");
  await run.shows("one\r\none\r\n");
  run.type("\u0003");
  await run.shows(prompt);
  run.type("echo code $?\r");
  await run.shows("code 130\r\n");
  run.type("cat\rtwo\r");
  await run.shows("two\r\ntwo\r\n");
  run.type("\u001a");
  await run.shows("Stopped");
  await run.shows(prompt);
  run.type("kill %1; fg\r");
  await run.shows(prompt);
  run.type("exit 4\r");
  expect(await run.code).toBe(4);
});

test("a window that grows is followed", async () => {
  const run = session(["sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"], {
    caller: "window",
  });
  await run.shows("ready");
  run.child.kill("SIGUSR1");
  expect(await run.code).toBe(0);
  expect(run.screen()).toContain("43 132\r\n");
});

test("a caller without a terminal says the size itself", async () => {
  const run = session(["sh", "-c", "trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done"], {
    caller: "pipe",
  });
  await run.shows("ready");
  run.child.kill("SIGUSR2");
  expect(await run.code).toBe(0);
  expect(run.screen()).toContain("30 100\r\n");
});

test("no byte of the last output is lost, however soon the command ends and however it is read", async () => {
  const run = session(["sh", "-c", "seq 1 100000; printf last"], { caller: "pipe" });
  run.child.stdin?.end();
  expect(await run.code).toBe(0);
  const all = Array.from({ length: 100_000 }, (_, i) => `${i + 1}\r\n`).join("");
  // What comes before is the echo of the end of input.
  expect(run.screen().slice(run.screen().indexOf("1\r\n")) === `${all}last`).toBe(true);
});

test("the end of piped input ends a reader, also in the middle of a line", async () => {
  const run = session(["cat"], { caller: "pipe" });
  run.child.stdin?.end("begun");
  expect(await run.code).toBe(0);
  expect(run.screen()).toContain("begun");
});

test("a caller that writes the output itself has written all of it before the terminal is put back", async () => {
  const run = session(["sh", "-c", "seq 1 20000; echo last"], { caller: "window", output: "pipe" });
  expect(await run.code).toBe(0);
  // A terminal that is not raw any more writes one more return at each line's end.
  expect(run.screen()).toContain("\r\n20000\r\nlast\r\n");
  expect(run.screen()).not.toContain("\r\r\n");
});

test("escape sequences and all other bytes pass unchanged", async () => {
  const bytes = "\\033[2J\\033]0;title\\007\\200\\377\\001";
  const run = session(["sh", "-c", `stty raw; printf '${bytes}'`], { caller: "window" });
  expect(await run.code).toBe(0);
  expect(run.screen()).toContain("\u001b[2J\u001b]0;title\u0007\u0080\u00ff\u0001");
});

test("a window that is closed hangs up the command", async () => {
  const run = session(["sh", "-c", "trap 'echo gone > hup; exit 0' HUP; echo ready; while :; do sleep 0.1; done"], {
    caller: "window",
  });
  await run.shows("ready");
  run.child.kill("SIGUSR2");
  await run.code;
  await expect.poll(() => readFileSync(join(run.work, "hup"), "utf8")).toBe("gone\n");
});

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

test("kill -9 of the caller ends the command, and the terminal is put back", async () => {
  const run = session(["sh", "-c", "stty raw; echo ready; sleep 1000000"], { caller: "window" });
  await run.shows("ready");
  const shim = parentOf(parentOf(await run.agentPid()));
  process.kill(parentOf(shim), "SIGKILL");
  expect(await run.code).toBe(137);
});

test("the command's signal counts as 128 and its number", async () => {
  const run = session(["sh", "-c", "kill -TERM $$"], { caller: "window" });
  expect(await run.code).toBe(143);
});

test("a size that no window has is refused", () => {
  const spec = { id: "x", runDir: "/tmp/x", stateDir: "/tmp/x", command: ["true"] };
  for (const columns of [0, 65_536, 1.5])
    expect(() => runSandbox(spec, { terminal: { columns, rows: 1 } })).toThrow(LaunchError);
});
