/**
 * The time by which deadlines are judged. Threat: the host's clock is set back, by a mistake or by somebody who gains from it, and a
 * monitor mode, a rule or a lifetime that was over begins again. Invariant: the time given never goes back, also across restarts; a
 * clock set forward ends things early, which is the safe side. Who sets a clock right that was ahead removes the file and restarts.
 */
import { z } from "zod";
import { readIfThere, writeAtomic } from "./files.ts";

/** A restart after a crash may believe a clock that was set back by this much. */
export const CLOCK_SAVE_MS = 30_000;
/** Below this a clock that went back is only being corrected, as time services do all day. */
const SET_BACK_WORTH_SAYING_MS = 60_000;

const savedSchema = z.object({ seenMs: z.number().int().nonnegative() });

export interface SteadyClock {
  now(): number;
  save(): Promise<void>;
}

export async function openSteadyClock(options: {
  path: string;
  /** The host's clock. */
  wall?: () => number;
  /** Time since some moment, which nobody can set. */
  elapsed?: () => number;
  onSetBack: (byMs: number) => void;
}): Promise<SteadyClock> {
  const { path, wall = Date.now, elapsed = () => performance.now() } = options;
  const saved = savedOf(await readIfThere(path));
  let last = Math.max(saved, wall());
  let lastAt = elapsed();
  let told = false;
  const now = (): number => {
    const at = elapsed();
    const steady = last + Math.max(0, at - lastAt);
    const real = wall();
    if (steady - real > SET_BACK_WORTH_SAYING_MS && !told) {
      told = true;
      options.onSetBack(Math.round(steady - real));
    }
    last = Math.max(steady, real);
    lastAt = at;
    return last;
  };
  now();
  return {
    now,
    save: () => writeAtomic(path, `${JSON.stringify({ seenMs: Math.floor(now()) })}\n`),
  };
}

/** For the gateway process, which starts at a moment of its parent's clock and keeps nothing on disk. */
export function steadyFrom(notBeforeMs: number, wall: () => number = Date.now): () => number {
  let last = Math.max(notBeforeMs, wall());
  let lastAt = performance.now();
  return () => {
    const at = performance.now();
    last = Math.max(last + (at - lastAt), wall());
    lastAt = at;
    return last;
  };
}

function savedOf(text: string | null): number {
  if (text === null) return 0;
  try {
    const parsed = savedSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.seenMs : 0;
  } catch {
    // A damaged file says nothing of the time; the host's clock does.
    return 0;
  }
}
