export interface Row {
  name: string;
  runs: number;
  min: number;
  median: number;
  p95: number;
  p99: number;
}

/** One row of a table of times; by the nearest rank, so every figure was measured. */
export function percentiles(name: string, values: readonly number[]): Row {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { name, runs: sorted.length, min: at(0), median: at(0.5), p95: at(0.95), p99: at(0.99) };
}
