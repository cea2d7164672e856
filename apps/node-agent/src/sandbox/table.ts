import type { DesiredSandbox, EndCause, SandboxStatus } from "@creel/protocol";

export type Phase = SandboxStatus["phase"];

/** A sandbox's life on this node: which phase may follow which. Anything else is a mistake of ours and is thrown. */
export const phaseTransitions: Readonly<Record<Phase, readonly Phase[]>> = {
  pending: ["starting", "running", "stopped", "exited", "failed", "quarantined"],
  starting: ["running", "pending", "failed", "stopped", "exited", "quarantined"],
  running: ["exited", "stopped", "pending", "failed", "quarantined"],
  exited: ["waiting", "starting", "pending", "stopped", "running", "failed", "quarantined"],
  waiting: ["starting", "pending", "stopped", "running", "failed", "quarantined"],
  failed: ["waiting", "starting", "pending", "stopped", "running", "quarantined"],
  stopped: ["starting", "pending", "running", "failed", "quarantined"],
  quarantined: ["starting", "pending", "stopped", "running", "failed"],
};

type Rest = "stopped" | "failed" | "quarantined";
export type Action =
  | { do: "nothing" }
  /** Wait until `notBeforeMs`, then ask again. */
  | { do: "wait" }
  | { do: "launch" }
  | { do: "stop"; next: "pending" | "exited" | Rest; how: "grace" | "kill" }
  | { do: "settle"; phase: "waiting" | "pending" | Rest }
  | { do: "remove" };

export interface Observed {
  phase: Phase;
  /** A shim of ours is attached: the agent runs. */
  live: boolean;
  /** The incarnation that runs or ran last; -1 before the first. */
  incarnation: number;
  exitCode: number | null;
  /** Why it ended last. */
  cause: EndCause | null;
  notBeforeMs: number;
  /** It is in quarantine on this node, and no release has come. */
  held: boolean;
  /** It has no policy that could be put in force. */
  unruled: boolean;
  /** A bound on its time was reached while it runs. */
  over: EndCause | null;
}

/** The one place that decides what happens next to a sandbox; `desired` is null once no plan names it. */
export function nextAction(desired: DesiredSandbox | null, observed: Observed, nowMs: number): Action {
  const { phase, live } = observed;
  if (!desired) return live ? { do: "stop", next: "stopped", how: "grace" } : { do: "remove" };
  const rest = restOf(desired, observed);
  if (rest !== null) {
    // What is held is held at once: a grace would be time to do what it is held for.
    const how = rest === "stopped" ? (desired.end ?? "grace") : "kill";
    if (live) return { do: "stop", next: rest, how };
    return phase === rest ? { do: "nothing" } : { do: "settle", phase: rest };
  }
  const fresh = desired.incarnation !== observed.incarnation;
  // What lives after a launch and yet does not count as running might not run when the launch was done, and so nothing serves it.
  const unserved = phase === "starting";
  if (live && (fresh || unserved)) return { do: "stop", next: "pending", how: "grace" };
  if (live) return observed.over === null ? { do: "nothing" } : { do: "stop", next: "exited", how: "grace" };
  // A bound on its time that was reached means "this long and no longer": only a person's fresh start begins a new one.
  const spent = phase === "exited" && isSpent(observed.cause);
  if (spent && !fresh) return { do: "nothing" };
  if (fresh || ["pending", "stopped", "starting", "running", "quarantined"].includes(phase)) return { do: "launch" };
  if (phase === "waiting") return nowMs >= observed.notBeforeMs ? { do: "launch" } : { do: "wait" };
  return mayRestart(desired, observed) ? { do: "settle", phase: "waiting" } : { do: "nothing" };
}

/** The phase in which a sandbox that may not run rests; null when it may run. */
function restOf(desired: DesiredSandbox, { held, unruled }: Observed): Rest | null {
  if (held || desired.state === "quarantined") return "quarantined";
  if (desired.state === "stopped") return "stopped";
  return unruled ? "failed" : null;
}

const isSpent = (cause: EndCause | null): boolean => cause === "lifetime" || cause === "idle";

function mayRestart({ restart }: DesiredSandbox, { phase, exitCode }: Observed): boolean {
  if (restart.policy === "never") return false;
  return restart.policy === "always" || phase === "failed" || exitCode !== 0;
}
