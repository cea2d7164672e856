import { CONTROL_FRAMES_PER_SECOND_MAX, STREAM_RESETS_BURST, STREAM_RESETS_PER_SECOND } from "../limits.ts";

/** Counts what one connection of HTTP/2 costs without asking anything of anybody, and says when it is too much. */
export interface FloodGuard {
  onControlFrame(): void;
  onReset(): void;
}

export function createFloodGuard(onFlood: (problem: string) => void): FloodGuard {
  const control = bucket(CONTROL_FRAMES_PER_SECOND_MAX, CONTROL_FRAMES_PER_SECOND_MAX);
  const resets = bucket(STREAM_RESETS_BURST, STREAM_RESETS_PER_SECOND);
  return {
    onControlFrame() {
      if (!control()) onFlood("more PING and SETTINGS frames than any client needs");
    },
    onReset() {
      if (!resets()) onFlood("more requests given up than any client gives up");
    },
  };
}

/** True while there is one left of `burst`, which fill up again at `perSecond`. */
function bucket(burst: number, perSecond: number): () => boolean {
  let left = burst;
  let at = performance.now();
  return () => {
    const now = performance.now();
    left = Math.min(burst, left + ((now - at) / 1000) * perSecond) - 1;
    at = now;
    return left >= 0;
  };
}
