/**
 * Denials as they happen, one line each, for whoever watches the command.
 *
 * Threat: a hostile command makes itself denied a thousand times a second, to flood the terminal or to push an earlier line out of
 * sight. Invariant: a refusal that was shown already is only counted; new ones are shown at a bounded rate; everything stands in the
 * summary at the end and in `--decisions`, whatever was shown here.
 */
import type { DecisionRecord } from "@creel/protocol";
import type { Paint } from "../../io.ts";
import { describeDecision } from "./sentence.ts";
import { refusalKey } from "./tally.ts";

/** Repetitions are told together, this long after the first of them. */
const REPEATS_TOLD_MS = 2_000;
/** New lines in one such time; a program that is set up wrongly asks for about ten places. */
const LINES_PER_WINDOW_MAX = 20;
/** Distinct refusals remembered as shown. */
const KNOWN_MAX = 1_000;

export interface LiveOptions {
  write(text: string): void;
  paint: Paint;
  /** Injected so that tests need no clock. */
  schedule?: (work: () => void, ms: number) => { cancel(): void };
}

export interface LiveDenials {
  take(record: DecisionRecord): void;
  /** Tells what is still counted, and nothing more afterwards. */
  end(): void;
}

const byTimer = (work: () => void, ms: number): { cancel(): void } => {
  const timer = setTimeout(work, ms);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
};

export function createLiveDenials({ write, paint, schedule = byTimer }: LiveOptions): LiveDenials {
  const known = new Set<string>();
  const repeats = new Map<string, { line: string; count: number }>();
  let shown = 0;
  let unshown = 0;
  let window: { cancel(): void } | null = null;

  function flush(): void {
    window?.cancel();
    window = null;
    for (const { line, count } of repeats.values()) write(`${line} ${paint("dim", `(×${count} more)`)}`);
    if (unshown > 0) write(`creel: … and ${unshown} more ${paint("dim", "(the summary at the end counts them)")}`);
    repeats.clear();
    shown = 0;
    unshown = 0;
  }

  return {
    take(record) {
      window ??= schedule(flush, REPEATS_TOLD_MS);
      const key = refusalKey(record);
      const again = repeats.get(key);
      if (again !== undefined) again.count += 1;
      else if (shown >= LINES_PER_WINDOW_MAX || (!known.has(key) && known.size >= KNOWN_MAX)) unshown += 1;
      else {
        shown += 1;
        const line = describeDecision(record, paint);
        if (known.has(key)) repeats.set(key, { line, count: 1 });
        else {
          known.add(key);
          write(line);
        }
      }
    },
    end: flush,
  };
}
