const WINDOW_MS = 1_000;

/** Says of each query whether it is one too many in its second. */
export function createQueryRate(perSecond: number, now: () => number = () => performance.now()): () => boolean {
  let windowStart = Number.NEGATIVE_INFINITY;
  let inWindow = 0;
  return () => {
    const at = now();
    if (at - windowStart >= WINDOW_MS) {
      windowStart = at;
      inWindow = 0;
    }
    inWindow += 1;
    return inWindow > perSecond;
  };
}
