/**
 * How many bytes per second a sandbox moves, both directions and all its connections together. Threat: one sandbox that fills the
 * host's line. Invariant: what is too much waits, in the order in which it came, and nothing is lost; each sandbox has a throttle of
 * its own, so that nobody waits for a neighbour.
 */
export interface Throttle {
  /** Null: as fast as it comes. Takes effect for what waits as well. */
  setRate(bytesPerSecond: number | null): void;
  rate(): number | null;
  /** Null: may go on at once. */
  take(bytes: number): Promise<void> | null;
  /** Nobody waits any more; the sandbox is at its end. */
  close(): void;
}

export interface Clock {
  /** Milliseconds that only grow. */
  now(): number;
  /** Calls back once; what it returns calls it off. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What may have been saved up, in seconds of the rate: a page comes in one go, an hour of silence does not become a flood. */
const BURST_SECONDS = 1;

export function createThrottle(clock: Clock = systemClock): Throttle {
  let rate: number | null = null;
  /** What may go at once; below zero: what waits has to be paid for first. */
  let balance = 0;
  let countedAt = clock.now();
  const waiting: { bytes: number; go: () => void }[] = [];
  let callOff: (() => void) | null = null;

  function count(): void {
    const now = clock.now();
    if (rate !== null) balance = Math.min(rate * BURST_SECONDS, balance + ((now - countedAt) * rate) / 1000);
    countedAt = now;
  }

  /** Whoever is first in the queue goes when nothing is owed any more. */
  function serve(): void {
    callOff?.();
    callOff = null;
    count();
    while (waiting.length > 0 && (rate === null || balance >= 0)) {
      const next = waiting.shift();
      if (next === undefined) break;
      if (rate !== null) balance -= next.bytes;
      next.go();
    }
    if (waiting.length > 0 && rate !== null) callOff = clock.after(Math.ceil((-balance * 1000) / rate), serve);
  }

  return {
    setRate(next) {
      if (next === rate) return;
      count();
      balance = rate === null ? (next ?? 0) * BURST_SECONDS : Math.min(balance, (next ?? 0) * BURST_SECONDS);
      rate = next;
      serve();
    },
    rate: () => rate,
    take(bytes) {
      if (rate === null) return null;
      count();
      if (waiting.length === 0 && balance >= 0) {
        balance -= bytes;
        return null;
      }
      return new Promise((resolve) => {
        waiting.push({ bytes, go: resolve });
        if (callOff === null) serve();
      });
    },
    close() {
      rate = null;
      serve();
    },
  };
}
