export interface Figures {
  runs: number;
  min: number;
  median: number;
  p95: number;
  p99: number;
}

export function figuresOf(times: readonly number[]): Figures {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { runs: sorted.length, min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99) };
}

const microseconds = (began: bigint): number => Number(process.hrtime.bigint() - began) / 1e3;

/** Milliseconds of one call. */
export function once<T>(work: () => T): { value: T; ms: number } {
  const began = process.hrtime.bigint();
  const value = work();
  return { value, ms: microseconds(began) / 1e3 };
}

/** Times each call by itself, in microseconds, until there are enough or the time is over. */
export function timeCalls<T>(
  inputs: readonly T[],
  call: (input: T) => unknown,
  bounds: { runsMax: number; msMax: number },
): Figures {
  const times: number[] = [];
  const untilMs = performance.now() + bounds.msMax;
  for (let i = 0; i < bounds.runsMax; i++) {
    const input = inputs[i % inputs.length];
    if (input === undefined) break;
    const began = process.hrtime.bigint();
    call(input);
    times.push(microseconds(began));
    if ((i & 15) === 0 && performance.now() > untilMs) break;
  }
  return figuresOf(times);
}
