import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable } from "node:stream";
import { LaunchError } from "./errors.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { launcherPath } from "./launcher.ts";
import { specWords } from "./root.ts";
import { ShimClient } from "./shim-client.ts";
import { parseSpec, type SandboxSpec } from "./spec.ts";

/** A launch takes 5 ms, on a busy host with control groups tens; where this passes, waiting for ever would hide the trouble. */
const LAUNCH_TIMEOUT_MS = 30_000;
/** What a kernel's window size holds. */
const TERMINAL_CELLS_MAX = 65_535;

export interface Started {
  shimPid: number;
  /** The agent's pid on the host. */
  agentPid: number;
}

/** Starts `sandbox` detached: it lives on when this process dies. Resolves when the agent's program has been exec'd. */
export async function launchSandbox(spec: SandboxSpec): Promise<Started> {
  const { child, started } = begin(spec, "start");
  child.on("error", () => {});
  return started;
}

export interface SandboxProcess {
  started: Promise<Started>;
  /** Resolves with what the command ended with; a signal counts as 128 + its number, as in a shell. */
  exited: Promise<{ exitCode: number }>;
  kill(signal?: NodeJS.Signals): void;
  /** The caller's window changed. Needed only where this process's stdout is no terminal: the launcher follows that itself. */
  resize(size: TerminalSize): void;
  /** Null unless asked for. Somebody must read it: the command waits otherwise. */
  output: Readable | null;
  errors: Readable | null;
}

/** In character cells, each 1 to 65535. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface RunOptions {
  stdio?: "inherit";
  /** Gives the command a terminal of its own, relayed to this process's stdin and stdout. Its stderr goes there too. While
   * it runs a terminal on stdin is raw, and put back at the end: lines written to it meanwhile must end in \r\n. */
  terminal?: TerminalSize;
  /** `pipe`: what would go to this process's stdout and stderr comes out of `output` and `errors` instead, for a caller that looks at it. */
  output?: "inherit" | "pipe";
}

/** Runs in the foreground with this process's own stdio; dies with it. */
export function runSandbox(spec: SandboxSpec, options: RunOptions = {}): SandboxProcess {
  const { child, started, ended } = begin(spec, "run", options);
  const piped = options.output === "pipe";
  const exited = new Promise<{ exitCode: number }>((resolve, reject) => {
    child.on("error", (error) => reject(new LaunchError({ layer: "launcher", message: error.message })));
    // The launcher says that all is done before the kernel has freed what it held; one that was killed says nothing.
    if (!piped) void ended.then((exitCode) => resolve({ exitCode }));
    // With a pipe the end is when the last byte has been read.
    child.on(piped ? "close" : "exit", (code, signal) => {
      started.then(
        () => resolve({ exitCode: code ?? (signal === "SIGKILL" ? 137 : 1) }),
        () => {}, // `started` carries the reason
      );
    });
  });
  const resize = options.terminal ? windowOf(spec.runDir, started) : () => {};
  const kill = (signal: NodeJS.Signals = "SIGTERM"): void => void child.kill(signal);
  return { started, exited, kill, resize, output: child.stdout, errors: child.stderr };
}

/** Changes of size in their order, over one connection to the shim; after the end of the sandbox they go nowhere. */
function windowOf(runDir: string, started: Promise<Started>): (size: TerminalSize) => void {
  let client: Promise<ShimClient | null> | null = null;
  return ({ columns, rows }) => {
    const words = sizeWords({ columns, rows });
    client ??= started.then(
      () => ShimClient.open(runDir),
      () => null,
    );
    void client.then(async (shim) => {
      shim?.unref();
      await shim?.ask("resize", ...words);
    });
  };
}

function sizeWords(size: TerminalSize): string[] {
  for (const [name, cells] of Object.entries(size)) {
    if (!Number.isInteger(cells) || cells < 1 || cells > TERMINAL_CELLS_MAX)
      throw new LaunchError({ layer: "spec", message: `terminal.${name}: must be 1 to ${TERMINAL_CELLS_MAX}` });
  }
  return [String(size.columns), String(size.rows)];
}

interface Begun {
  child: ChildProcess;
  started: Promise<Started>;
  /** In the foreground: its exit code, once nothing of the sandbox is left. Stays open for a launcher that was killed. */
  ended: Promise<number>;
}

function begin(input: SandboxSpec, mode: "start" | "run", { terminal, output }: RunOptions = {}): Begun {
  const spec = parseSpec(input);
  const size = terminal ? ["terminal", ...sizeWords(terminal)] : [];
  const own = mode === "run" ? "inherit" : "ignore";
  const outward = output === "pipe" ? "pipe" : own;
  // The environment is empty: PID 1 inherits it, and nothing of ours belongs into the sandbox.
  const child = spawn(launcherPath(), [mode], { env: {}, stdio: [own, outward, outward, "pipe"] });
  const channel = duplexOf(child.stdio[3]);
  channel.on("error", () => {}); // the launcher said why on the report before it closed its end
  // The words are written while the launcher gets on its feet. It has done nothing before it has them.
  try {
    channel.write(encodeFrame([...specWords(spec), ...size]));
  } catch (error) {
    child.on("error", () => {});
    child.kill("SIGKILL");
    channel.destroy();
    throw error;
  }
  return { child, ...reports(child, channel, mode) };
}

/** What the launcher says on its channel: that the agent runs, and in the foreground that it has ended. */
function reports(child: ChildProcess, channel: Duplex, mode: "start" | "run"): Omit<Begun, "child"> {
  let end: (exitCode: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  const started = new Promise<Started>((resolve, reject) => {
    const reader = new FrameReader();
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      fail(new LaunchError({ layer: "init", message: `the sandbox did not start within ${LAUNCH_TIMEOUT_MS} ms` }));
    }, LAUNCH_TIMEOUT_MS);
    let failure = new LaunchError({ layer: "init", message: "the launcher ended without a report" });
    const fail = (error: LaunchError): void => {
      clearTimeout(timer);
      channel.destroy();
      reject(error);
    };
    child.on("error", (error) => fail(new LaunchError({ layer: "launcher", message: error.message })));
    channel.on("data", (chunk: Buffer) => {
      for (const [word, first, second] of reader.push(chunk)) {
        if (word === "ok") {
          clearTimeout(timer);
          resolve({ shimPid: Number(first), agentPid: Number(second) });
          if (mode === "start") channel.destroy();
        } else if (word === "ended") end(Number(first));
        else failure = new LaunchError({ layer: first ?? "init", message: second ?? "unknown failure" });
      }
    });
    // Only now has the launcher put back what it changed for this launch.
    channel.on("end", () => fail(failure));
    channel.on("close", () => fail(failure));
  });
  return { started, ended };
}

/** spawn() with "pipe" at an index gives a socket there; the types only know indexes 0 to 2. */
function duplexOf(stream: unknown): Duplex {
  return stream as Duplex;
}
