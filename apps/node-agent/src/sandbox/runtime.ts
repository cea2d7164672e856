import type { DesiredSandbox, EndCause, ExecRequest, ExecResult } from "@creel/protocol";
import type { StopCause } from "@creel/sandbox";
import type { Bounds } from "./bounds.ts";

/** How an agent ended; `exitCode` is null when a signal or the host ended it. */
export interface SandboxEnd {
  exitCode: number | null;
  cause: EndCause;
}

/** One running sandbox, as its shim shows it to us. Letting go of it (`close`) leaves it running. */
export interface RunningSandbox {
  pid: number | null;
  startedAt: string;
  exited: Promise<SandboxEnd>;
  exec(request: ExecRequest): Promise<ExecResult>;
  /** Bytes it has written to its log. */
  outputBytes(): Promise<number>;
  /** Limits that were asked for and that nothing on this host holds. */
  unheld: readonly string[];
  /** An older version started it; this one's gateway denies everything it asks until it is started afresh. */
  outdated: boolean;
  /** TERM, then KILL after the grace time; resolves when nothing of it runs. */
  stop(cause: StopCause): Promise<void>;
  /** No grace: resolves when nothing of it runs, also when it ignores signals, is stopped or forks. */
  kill(cause: StopCause): Promise<void>;
  close(): void;
}

/** What the reconciler needs of the host. */
export interface SandboxRuntime {
  /** Prepares files and starts the sandbox under a shim that survives this process; `onStep` hears of what takes long. */
  launch(desired: DesiredSandbox, onStep: (text: string) => void): Promise<RunningSandbox>;
  /** The bounds a launch of this would give it. */
  bounds(desired: DesiredSandbox): Bounds;
  /** A sandbox that an earlier life of this process started; null when none runs. */
  attach(id: string): Promise<RunningSandbox | null>;
  /** How the agent ended last, as its shim wrote down. */
  lastEnd(id: string): Promise<SandboxEnd>;
  /** Deletes what is left of a sandbox that no plan names. */
  remove(id: string): Promise<void>;
  runDir(id: string): string;
}
