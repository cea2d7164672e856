/**
 * Ends a run whose time is over: `sandbox.limits.lifetime_seconds` from its start, `idle_seconds` from the last sign of life. A sign of
 * life is a byte of output or a decision about the network; an open request or relayed connection counts as one as long as it lasts.
 */
import type { DecisionSink } from "@creel/gateway";
import type { SandboxLimits } from "@creel/policy";
import { type Ending, idleEnding, lifetimeEnding } from "./report/ending.ts";

/** Longer waits overflow a Node timer; the time that is left is asked for again then. */
const TIMER_MS_MAX = 2 ** 31 - 1;
/** A program may tidy up for this long after TERM. */
export const STOP_GRACE_MS = 5_000;

export interface Watch {
  /** Something was written. */
  alive(): void;
  /** The same sink, with the network's signs of life noted. */
  watching(sink: DecisionSink): DecisionSink;
  /** Why the run was ended by this, if it was. */
  ending(): Ending | null;
  stop(): void;
}

export interface WatchOptions {
  limits: SandboxLimits;
  /** Called once, when time is over. */
  end(ending: Ending): void;
  /** Milliseconds that never go back, whatever somebody does to the clock. */
  now?: () => number;
}

export function watchTime({ limits, end, now = () => performance.now() }: WatchOptions): Watch {
  const startedAt = now();
  let aliveAt = startedAt;
  const open = new Set<number>();
  let ended: Ending | null = null;
  let timer: NodeJS.Timeout | undefined;

  function due(): { at: number; ending: Ending }[] {
    const { lifetime_seconds: lifetime, idle_seconds: idle } = limits;
    return [
      ...(lifetime === undefined ? [] : [{ at: startedAt + lifetime * 1000, ending: lifetimeEnding(lifetime) }]),
      ...(idle === undefined
        ? []
        : [{ at: (open.size > 0 ? now() : aliveAt) + idle * 1000, ending: idleEnding(idle) }]),
    ].sort((a, b) => a.at - b.at);
  }
  function check(): void {
    const [next] = due();
    if (next === undefined || ended !== null) return;
    const left = next.at - now();
    if (left > 0) timer = setTimeout(check, Math.min(left, TIMER_MS_MAX)).unref();
    else {
      ended = next.ending;
      end(next.ending);
    }
  }
  const alive = (): void => {
    aliveAt = now();
  };
  check();
  return {
    alive,
    watching: (sink) => ({
      ...sink,
      async append(draft) {
        alive();
        const ref = await sink.append(draft);
        if (draft.decision !== "deny" && draft.kind !== "dns") open.add(ref);
        return ref;
      },
      end(ref, totals) {
        alive();
        open.delete(ref);
        sink.end(ref, totals);
      },
    }),
    ending: () => ended,
    stop: () => clearTimeout(timer),
  };
}
