import type { DesiredSandbox, SandboxStatus } from "@creel/protocol";

export type Phase = SandboxStatus["phase"];

/** A sandbox's life on this node: which phase may follow which. Anything else is a mistake of ours and is thrown. */
export const phaseTransitions: Readonly<Record<Phase, readonly Phase[]>> = {
  pending: ["starting", "running", "stopped", "exited"],
  starting: ["running", "failed", "stopped", "exited"],
  running: ["exited", "stopped", "pending"],
  exited: ["waiting", "starting", "pending", "stopped", "running"],
  waiting: ["starting", "pending", "stopped", "running"],
  failed: ["waiting", "starting", "pending", "stopped", "running"],
  stopped: ["starting", "pending", "running"],
};

export type Action =
  | { do: "nothing" }
  /** Wait until `notBeforeMs`, then ask again. */
  | { do: "wait" }
  | { do: "launch" }
  | { do: "stop"; next: "pending" | "stopped" }
  | { do: "settle"; phase: "stopped" | "waiting" | "pending" }
  | { do: "remove" };

export interface Observed {
  phase: Phase;
  /** A shim of ours is attached: the agent runs. */
  live: boolean;
  /** The incarnation that runs or ran last; -1 before the first. */
  incarnation: number;
  exitCode: number | null;
  notBeforeMs: number;
}

/** The one place that decides what happens next to a sandbox; `desired` is null once no plan names it. */
export function nextAction(desired: DesiredSandbox | null, observed: Observed, nowMs: number): Action {
  const { phase, live } = observed;
  if (!desired) return live ? { do: "stop", next: "stopped" } : { do: "remove" };
  if (desired.state === "stopped") {
    if (live) return { do: "stop", next: "stopped" };
    return phase === "stopped" ? { do: "nothing" } : { do: "settle", phase: "stopped" };
  }
  const fresh = desired.incarnation !== observed.incarnation;
  if (live) return fresh ? { do: "stop", next: "pending" } : { do: "nothing" };
  if (fresh || phase === "pending" || phase === "stopped" || phase === "starting" || phase === "running")
    return { do: "launch" };
  if (phase === "waiting") return nowMs >= observed.notBeforeMs ? { do: "launch" } : { do: "wait" };
  return mayRestart(desired, observed) ? { do: "settle", phase: "waiting" } : { do: "nothing" };
}

function mayRestart({ restart }: DesiredSandbox, { phase, exitCode }: Observed): boolean {
  if (restart.policy === "never") return false;
  return restart.policy === "always" || phase === "failed" || exitCode !== 0;
}
