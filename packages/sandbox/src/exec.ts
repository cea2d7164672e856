import { spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { LaunchError } from "./errors.ts";
import { encodeFrame, FrameReader } from "./frames.ts";
import { launcherPath } from "./launcher.ts";
import { execEnvironment } from "./root.ts";
import { SANDBOX_WORK } from "./spec.ts";

export interface ExecOptions {
  command: readonly string[];
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  timeoutMs?: number;
  /** Bytes kept of stdout and stderr together; the rest is read and dropped. */
  outputBytesMax?: number;
}

export interface ExecOutcome {
  /** null when it could not start, was killed or timed out; `error` says which. A signal counts as 128 + its number. */
  exitCode: number | null;
  stdout: string;
  stderr: string;
  truncated: boolean;
  error: string | null;
}

const TIMEOUT_MS = 60_000;
const OUTPUT_BYTES_MAX = 256 * 1024;
const SIGNAL_MASK = 0x7f;

/** Runs one command beside the agent: same namespaces, same Landlock domain, same filter, same identity record. */
export function execInSandbox(runDir: string, options: ExecOptions): Promise<ExecOutcome> {
  const words = ["exec", "cwd", options.cwd ?? SANDBOX_WORK];
  for (const argument of options.command) words.push("arg", argument);
  for (const [name, value] of Object.entries(execEnvironment(options.env ?? {}))) words.push("env", `${name}=${value}`);
  if (options.command.length === 0) {
    return Promise.reject(new LaunchError({ layer: "spec", message: "command: must not be empty" }));
  }
  const frame = encodeFrame(words);
  const bytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
  return new Promise((resolve, reject) => {
    const child = spawn(launcherPath(), ["exec", runDir], {
      env: {},
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe"],
    });
    const kept: { out: Buffer[]; err: Buffer[] } = { out: [], err: [] };
    let bytes = 0;
    let truncated = false;
    let timedOut = false;
    let report: string[] = [];
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      const room = Math.max(0, bytesMax - bytes);
      if (chunk.length > room) truncated = true;
      if (room > 0) into.push(chunk.subarray(0, room));
      bytes += Math.min(chunk.length, room);
    };
    readableOf(child.stdout).on("data", keep(kept.out));
    readableOf(child.stderr).on("data", keep(kept.err));
    const reader = new FrameReader();
    readableOf(child.stdio[4]).on("data", (chunk: Buffer) => {
      for (const words of reader.push(chunk)) report = words;
    });
    const request = writableOf(child.stdio[3]);
    request.on("error", () => {});
    request.end(frame);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs ?? TIMEOUT_MS);
    child.on("error", (error) => reject(new LaunchError({ layer: "launcher", message: error.message })));
    child.on("close", () => {
      clearTimeout(timer);
      const [word, first, second] = report;
      const outcome = { stdout: textOf(kept.out), stderr: textOf(kept.err), truncated };
      if (timedOut)
        resolve({ ...outcome, exitCode: null, error: `timed out after ${options.timeoutMs ?? TIMEOUT_MS} ms` });
      else if (word === "exited") resolve({ ...outcome, exitCode: exitCodeOf(Number(first)), error: null });
      else if (word === "failed")
        resolve({ ...outcome, exitCode: null, error: failure(options.command[0], Number(first)) });
      else resolve({ ...outcome, exitCode: null, error: second ?? "the sandbox ended" });
    });
  });
}

/** A wait status as the kernel packs it: low seven bits the signal, the next byte the exit code. */
export function exitCodeOf(waitStatus: number): number {
  const signal = waitStatus & SIGNAL_MASK;
  return signal ? 128 + signal : (waitStatus >> 8) & 0xff;
}

const ERRNO_TEXT: Readonly<Record<number, string>> = {
  2: "no such file or directory",
  11: "too many processes in the sandbox",
  13: "permission denied",
  20: "not a directory",
  22: "invalid request",
};

const failure = (program: string | undefined, errno: number): string =>
  `cannot start ${program ?? "the command"}: ${ERRNO_TEXT[errno] ?? `error ${errno}`}`;

const textOf = (chunks: Buffer[]): string => Buffer.concat(chunks).toString("utf8");

/** spawn() with "pipe" at an index gives a socket there; the types only know indexes 0 to 2. */
function writableOf(stream: unknown): Writable {
  return stream as Writable;
}
function readableOf(stream: unknown): Readable {
  return stream as Readable;
}
