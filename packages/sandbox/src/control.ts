import { constants } from "node:os";
import { LaunchError } from "./errors.ts";
import { type ExecOptions, type ExecOutcome, execInSandbox } from "./exec.ts";
import { ShimClient } from "./shim-client.ts";

export interface ShimStatus {
  id: string;
  phase: "running" | "stopping";
  shimPid: number;
  agentPid: number;
  startedAt: Date;
  /** Bytes the agent has written to its log since the state directory was new. */
  logBytes: number;
  /** Whether `limits.memoryBytes` is in force: false when not asked for, or without a cgroup to hold it. */
  memoryLimited: boolean;
}

export interface SandboxControl {
  /** null when the sandbox has ended. */
  status(): Promise<ShimStatus | null>;
  exec(options: ExecOptions): Promise<ExecOutcome>;
  signal(signal: NodeJS.Signals): Promise<void>;
  /** TERM, then after the grace KILL for everything inside. Resolves when the sandbox is gone. */
  stop(options?: { graceMs?: number }): Promise<void>;
  /** Called once when the sandbox has ended, however; read `exit.json` with `readExit`. */
  onExit(callback: () => void): void;
  close(): void;
}

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
    stop: async ({ graceMs = STOP_GRACE_MS } = {}) => {
      // A connection of its own, so that it keeps the process alive until the sandbox is really gone.
      const stopper = await ShimClient.open(runDir);
      if (!stopper) return;
      const ended = new Promise<void>((resolve) => {
        stopper.onClosed = resolve;
      });
      await stopper.ask("stop", String(graceMs));
      await ended;
    },
    onExit: (callback) => void gone.then(() => !closed && callback()),
    close: () => {
      closed = true;
      client.close();
    },
  };
}

function toStatus(answer: string[] | null): ShimStatus | null {
  if (answer?.[0] !== "status") return null;
  const [, id = "", phase, shimPid, agentPid, startedMs, logBytes, memoryLimited] = answer;
  return {
    id,
    phase: phase === "stopping" ? "stopping" : "running",
    shimPid: Number(shimPid),
    agentPid: Number(agentPid),
    startedAt: new Date(Number(startedMs)),
    logBytes: Number(logBytes),
    memoryLimited: memoryLimited === "1",
  };
}
