/** Lets `perSecond` through at once and the rest one by one after it: what a hostile loop causes is slowed, never lost. */
export interface RateGate {
  pass(): Promise<void>;
}

export function createRateGate(perSecond: number): RateGate {
  const intervalMs = 1000 / perSecond;
  /** The moment at which the next one would be on time if they came evenly. */
  let due = 0;
  return {
    async pass() {
      const now = performance.now();
      due = Math.max(due + intervalMs, now - 1000 + intervalMs);
      const waitMs = due - now;
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    },
  };
}
