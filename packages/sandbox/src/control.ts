import { constants } from "node:os";
import { LaunchError } from "./errors.ts";
import { type ExecOptions, type ExecOutcome, execInSandbox } from "./exec.ts";
import { IDENTITY_ANSWER, ShimClient } from "./shim-client.ts";

export interface ShimStatus {
  id: string;
  phase: "running" | "stopping";
  shimPid: number;
  agentPid: number;
  startedAt: Date;
  /** Bytes the agent has written to its log since the state directory was new. */
  logBytes: number;
  /** Whether the kernel itself holds `limits.memoryBytes`; otherwise the watchdog does, a moment late. */
  memoryLimited: boolean;
  /** Each limit that was asked for. */
  limits: HeldLimit[];
  /** Processes and threads that the kernel refused so far at `limits.processes`; null where nobody counts. */
  refusedForks: number | null;
  /** Started by an older launcher, which vouches for programs in a way this version does not take: everything on the network is denied. */
  outdated: boolean;
}

/** In the launcher's order: `LIMIT_MEMORY` and its followers in creel.h. */
export const LIMIT_NAMES = [
  "memoryBytes",
  "processes",
  "cpus",
  "openFiles",
  "tmpBytes",
  "workspaceBytes",
  "workspaceFiles",
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

export interface HeldLimit {
  name: LimitName;
  /** `none`: this host offers nothing that could hold it. */
  by: "cgroup" | "watchdog" | "rlimit" | "mount" | "none";
  /** `openFiles` counts per process. */
  limit: number;
  /** As last measured; null where nobody measures. */
  used: number | null;
}

export interface SandboxControl {
  /** null when the sandbox has ended. */
  status(): Promise<ShimStatus | null>;
  exec(options: ExecOptions): Promise<ExecOutcome>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** TERM, then after the grace KILL for everything inside. Resolves when the sandbox is gone. */
  stop(options?: { graceMs?: number; cause?: StopCause }): Promise<void>;
  /** Ends everything inside at once. Resolves when the sandbox is gone. */
  kill(options?: { cause?: StopCause }): Promise<void>;
  /** Called once when the sandbox has ended, however; read `exit.json` with `readExit`. */
  onExit(callback: () => void): void;
  close(): void;
}

/** Why somebody outside ends it; it comes back as the `cause` of the exit record. */
export type StopCause = "stopped" | "killed" | "lifetime" | "idle" | "quarantine";

const STOP_GRACE_MS = 5_000;

export async function attachControl({ runDir }: { runDir: string }): Promise<SandboxControl> {
  const client = await ShimClient.open(runDir);
  if (!client) throw new LaunchError({ layer: "control", message: `no sandbox runs in ${runDir}` });
  client.unref();
  const gone = new Promise<void>((resolve) => {
    client.onClosed = resolve;
  });
  let closed = false;
  return {
    status: async () => toStatus(await client.ask("status")),
    exec: (options) => execInSandbox(runDir, options),
    signal: async (signal) => void (await client.ask("signal", String(constants.signals[signal]))),
    stop: ({ graceMs = STOP_GRACE_MS, cause = "stopped" } = {}) => end(runDir, "stop", String(graceMs), cause),
    kill: ({ cause = "killed" } = {}) => end(runDir, "kill", cause),
    onExit: (callback) => void gone.then(() => !closed && callback()),
    close: () => {
      closed = true;
      client.close();
    },
  };
}

/** A connection of its own, so that it keeps the process alive until the sandbox is really gone. */
async function end(runDir: string, ...words: string[]): Promise<void> {
  const client = await ShimClient.open(runDir);
  if (!client) return;
  const ended = new Promise<void>((resolve) => {
    client.onClosed = resolve;
  });
  await client.ask(...words);
  await ended;
}

function toStatus(answer: string[] | null): ShimStatus | null {
  if (answer?.[0] !== "status") return null;
  const [, id = "", phase, shimPid, agentPid, startedMs, logBytes, ...words] = answer;
  const limits = toLimits(words);
  return {
    id,
    phase: phase === "stopping" ? "stopping" : "running",
    shimPid: Number(shimPid),
    agentPid: Number(agentPid),
    startedAt: new Date(Number(startedMs)),
    logBytes: Number(logBytes),
    memoryLimited: limits.some(({ name, by }) => name === "memoryBytes" && by === "cgroup"),
    limits,
    outdated: words[LIMIT_NAMES.length * WORDS_PER_LIMIT] !== IDENTITY_ANSWER,
    refusedForks: toCount(words[LIMIT_NAMES.length * WORDS_PER_LIMIT + 1]),
  };
}

/** A shim that does not count says -1, an older one nothing. */
const toCount = (word: string | undefined): number | null =>
  word === undefined || Number(word) < 0 ? null : Number(word);

const HOLDERS = ["cgroup", "watchdog", "rlimit", "mount", "none"] as const;
const WORDS_PER_LIMIT = 3;
const MEASURED: readonly LimitName[] = ["memoryBytes", "workspaceBytes", "workspaceFiles"];

function toLimits(words: readonly string[]): HeldLimit[] {
  return LIMIT_NAMES.flatMap((name, at) => {
    const by = HOLDERS.find((holder) => holder === words[at * WORDS_PER_LIMIT]);
    const limit = Number(words[at * WORDS_PER_LIMIT + 1]);
    if (by === undefined) return [];
    const used = MEASURED.includes(name) ? Number(words[at * WORDS_PER_LIMIT + 2]) : null;
    return [{ name, by, limit: name === "cpus" ? limit / 1000 : limit, used }];
  });
}
