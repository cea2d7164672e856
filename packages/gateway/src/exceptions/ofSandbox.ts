/**
 * The exceptions of one sandbox. Threat: what was allowed for an hour lasts longer because nobody said that it is over. Invariant: the
 * end of each is known here, and at that instant, by a clock that never goes back, open flows are judged again.
 */
import { type CompiledPolicy, type EgressException, withExceptions } from "@creel/policy";
import { TIMER_MS_MAX } from "../limits.ts";
import type { ExceptionUses } from "./uses.ts";

export interface SandboxExceptions {
  replace(exceptions: readonly EgressException[]): void;
  /** The policy with them beside it. */
  beside(policy: CompiledPolicy): CompiledPolicy;
  close(): void;
}

export function createSandboxExceptions(options: {
  uses: ExceptionUses;
  now: () => number;
  /** One has ended. */
  onEnd: () => void;
  problem: (text: string) => void;
}): SandboxExceptions {
  const { uses, now, onEnd, problem } = options;
  let list: readonly EgressException[] = [];
  let timer: NodeJS.Timeout | undefined;

  function arm(): void {
    clearTimeout(timer);
    const at = now();
    const next = Math.min(...list.map(({ endsAtMs }) => endsAtMs).filter((endsAtMs) => endsAtMs > at));
    if (next === Number.POSITIVE_INFINITY) return;
    const look = () => {
      if (now() >= next) onEnd();
      arm();
    };
    timer = setTimeout(look, Math.min(Math.max(1, Math.ceil(next - at)), TIMER_MS_MAX));
    timer.unref();
  }

  return {
    replace(exceptions) {
      list = exceptions;
      arm();
    },
    beside: (policy) =>
      withExceptions(policy, list, {
        isSpent: uses.isSpent,
        onProblem: ({ id }, text) => problem(`Exception ${id} allows nothing: ${text}`),
      }),
    close: () => clearTimeout(timer),
  };
}
