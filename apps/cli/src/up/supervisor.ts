import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, ftruncateSync, openSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { identify, type ProcessId, signal } from "@creel/processes";
import { type HomePaths, writePrivate } from "./home.ts";

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 15_000;
/** A life longer than this was a good one: the next death is answered quickly again. */
const STEADY_MS = 30_000;
const STOP_GRACE_MS = 8_000;
/** A program's log is emptied at a start past this size, so that a crash loop does not fill the disk. */
const LOG_BYTES_MAX = 32 * 1024 * 1024;

export interface ProgramSpec {
  name: string;
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** How to ask it to end; what does not end in time is killed. */
  stopSignal?: NodeJS.Signals;
}

export interface Supervised {
  readonly name: string;
  /** Ends the program and its process group; it is not started again. */
  stop(): Promise<void>;
}

/** An append-mode descriptor, handed to the child itself: its last words reach the file whatever becomes of us. */
function openLog(file: string): number {
  const descriptor = openSync(file, "a", 0o600);
  if (fstatSync(descriptor).size > LOG_BYTES_MAX) ftruncateSync(descriptor);
  return descriptor;
}

/** While a program lives for months its log is emptied in place; O_APPEND makes its next write start at the new end. */
export function trimLog(file: string): void {
  try {
    if (statSync(file).size <= LOG_BYTES_MAX) return;
    const descriptor = openSync(file, "r+");
    ftruncateSync(descriptor);
    closeSync(descriptor);
  } catch {
    // No log yet.
  }
}

/**
 * Starts a program and starts it again whenever it ends, with a pause that grows while it keeps failing.
 * `run/<name>.json` names the process for whoever comes after a crash of ours.
 */
export function supervise(
  spec: ProgramSpec,
  paths: HomePaths,
  onExit: (name: string, how: string, restartInMs: number) => void,
): Supervised {
  const runFile = join(paths.run, `${spec.name}.json`);
  const logFile = join(paths.logs, `${spec.name}.log`);
  let child: ChildProcess | null = null;
  let id: ProcessId | null = null;
  let timer: NodeJS.Timeout | null = null;
  let restarts = 0;
  let backoffMs = BACKOFF_FIRST_MS;
  let stopping = false;
  let ended = Promise.resolve();

  const start = (): void => {
    const startedAtMs = Date.now();
    const log = openLog(logFile);
    const started = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      stdio: ["ignore", log, log],
      // Its own group: Ctrl-C reaches us alone, and we end the programs in their order.
      detached: true,
    });
    closeSync(log);
    child = started;
    id = started.pid === undefined ? null : identify(started.pid);
    if (id !== null)
      writePrivate(runFile, `${JSON.stringify({ ...id, startedAt: new Date().toISOString(), restarts })}\n`);
    ended = new Promise((resolve) => {
      const over = (how: string): void => {
        child = null;
        resolve();
        if (stopping) return;
        if (Date.now() - startedAtMs > STEADY_MS) backoffMs = BACKOFF_FIRST_MS;
        const pauseMs = backoffMs;
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
        restarts += 1;
        onExit(spec.name, how, pauseMs);
        timer = setTimeout(start, pauseMs);
      };
      started.once("error", (error) => over(error.message));
      started.once("exit", (code, name) => over(name === null ? `exit code ${code}` : name));
    });
  };
  start();

  return {
    name: spec.name,
    async stop() {
      stopping = true;
      if (timer !== null) clearTimeout(timer);
      if (child !== null && id !== null) {
        const current = id;
        signal(current, spec.stopSignal ?? "SIGTERM");
        const kill = setTimeout(() => signal(current, "SIGKILL", true), STOP_GRACE_MS);
        await ended;
        clearTimeout(kill);
      }
      rmSync(runFile, { force: true });
    },
  };
}
