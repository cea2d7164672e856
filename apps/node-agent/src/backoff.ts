/** Delays that grow from `firstMs` to `lastMs`, each drawn at random so that a fleet does not come back all at once. */
export interface Backoff {
  nextMs(): number;
  reset(): void;
}

export function createBackoff(range: { firstMs: number; lastMs: number }, random: () => number = Math.random): Backoff {
  let attempt = 0;
  return {
    nextMs() {
      const ceiling = Math.min(range.lastMs, range.firstMs * 2 ** attempt);
      attempt = Math.min(attempt + 1, 30);
      // Half fixed, half random: never a hot loop, never a herd.
      return Math.round(ceiling / 2 + (ceiling / 2) * random());
    },
    reset() {
      attempt = 0;
    },
  };
}
