/** Lets `perSecond` through at once and the rest one by one after it: what a hostile loop causes is slowed, never lost. */
export interface RateGate {
  pass(): Promise<void>;
  /** How many wait. Whoever causes them must be held up by this number: each is memory of ours. */
  waiting(): number;
  /** Lets everybody through, from now on: a sandbox that floods must not hold up its own end. */
  open(): void;
}

export function createRateGate(perSecond: number): RateGate {
  const intervalMs = 1000 / perSecond;
  const waiters = new Set<() => void>();
  /** The moment at which the next one would be on time if they came evenly. */
  let due = 0;
  let opened = false;
  return {
    async pass() {
      if (opened) return;
      const now = performance.now();
      due = Math.max(due + intervalMs, now - 1000 + intervalMs);
      const waitMs = due - now;
      if (waitMs <= 0) return;
      await new Promise<void>((resolve) => {
        const go = () => {
          clearTimeout(timer);
          waiters.delete(go);
          resolve();
        };
        const timer = setTimeout(go, waitMs);
        waiters.add(go);
      });
    },
    waiting: () => waiters.size,
    open() {
      opened = true;
      for (const go of waiters) go();
    },
  };
}
