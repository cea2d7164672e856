import type { DesiredSandbox, ExecRequest, ExecResult } from "@creel/protocol";

/** One running sandbox, as its shim shows it to us. Letting go of it (`close`) leaves it running. */
export interface RunningSandbox {
  pid: number | null;
  startedAt: string;
  /** Resolves when the agent has ended: its exit code, or null when a signal or the host ended it. */
  exited: Promise<number | null>;
  exec(request: ExecRequest): Promise<ExecResult>;
  /** TERM, then KILL after the grace time; resolves when nothing of it runs. */
  stop(): Promise<void>;
  close(): void;
}

/** What the reconciler needs of the host. */
export interface SandboxRuntime {
  /** Prepares files and starts the sandbox under a shim that survives this process; `onStep` hears of what takes long. */
  launch(desired: DesiredSandbox, onStep: (text: string) => void): Promise<RunningSandbox>;
  /** A sandbox that an earlier life of this process started; null when none runs. */
  attach(id: string): Promise<RunningSandbox | null>;
  /** How the agent ended last, as its shim wrote down; null when a signal nobody recorded or the host ended it. */
  lastExit(id: string): Promise<number | null>;
  /** Deletes what is left of a sandbox that no plan names. */
  remove(id: string): Promise<void>;
  runDir(id: string): string;
}
