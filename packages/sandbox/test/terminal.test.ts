import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { LaunchError, runSandbox } from "../src/index.ts";
import { attackProgram, cleanUp, temporary } from "./kit.ts";

const here = dirname(fileURLToPath(import.meta.url));
const NOT_RESTORED = 200;
/** What a person's shell does: it has the terminal before and after, also when the command's caller was killed. */
const FROM_A_PROMPT = `mode=$(stty -g); "$@" 2>"$0"; code=$?
for try in 1 2 3 4 5 6 7 8 9; do [ "$(stty -g)" = "$mode" ] && exit $code; sleep 0.$try; done; exit ${NOT_RESTORED}`;
let emulator: string;
beforeAll(() => {
  attackProgram(); // builds the launcher of a fresh checkout
  emulator = join(temporary(), "pty");
  compile(["-O1", "-w", "-o", emulator, join(here, "pty.c")]);
});
afterAll(cleanUp);

interface Session {
  child: ChildProcess;
  work: string;
  type(text: string): void;
  /** Resolves once the screen shows this text below what the last call waited for. */
  shows(text: string): Promise<void>;
  screen(): string;
  agentPid(): Promise<number>;
  code: Promise<number | null>;
}

interface How {
  /** "window": on a terminal, as from a shell's prompt. "pipe": standard input and output are pipes. */
  caller: "window" | "pipe";
  size?: { columns: number; rows: number };
}

function session(command: string[], { caller, size = { columns: 90, rows: 25 } }: How): Session {
  const base = temporary();
  for (const name of ["run", "state", "work"]) mkdirSync(join(base, name), { mode: 0o700 });
  const spec = {
    ...{ id: "terminal", runDir: join(base, "run"), stateDir: join(base, "state"), command },
    mounts: [{ source: join(base, "work"), target: "/sandbox/work", mode: "rw" }],
  };
  const node = [process.execPath, "--import", "tsx", join(here, "run-foreground.ts"), JSON.stringify(spec)];
  const line = [...node, JSON.stringify(size)];
  const child =
    caller === "window"
      ? spawn(emulator, ["90", "25", "sh", "-c", FROM_A_PROMPT, join(base, "errors"), ...line])
      : spawn(line[0] ?? "", line.slice(1), { stdio: ["pipe", "pipe", "pipe"] });
  let screen = "";
  let seen = 0;
  let errors = "";
  const watchers = new Set<() => void>();
  child.stdout?.setEncoding("latin1").on("data", (text) => {
    screen += text;
    for (const look of watchers) look();
  });
  child.stderr?.on("data", (text) => {
    errors += text;
  });
  child.stdin?.on("error", () => {});
  return {
    child,
    work: join(base, "work"),
    type: (text) => void child.stdin?.write(text),
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
    agentPid: async () => {
      const read = (): string => (caller === "window" ? readFileSync(join(base, "errors"), "utf8") : errors);
      await expect.poll(() => Number.parseInt(read(), 10)).toBeGreaterThan(1);
      return Number.parseInt(read(), 10);
    },
    code: new Promise((resolve) => child.on("close", resolve)),
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
