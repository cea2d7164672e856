/** How a sandbox ended, in words: only what its program did not say itself. */
export interface Ending {
  cause: string;
  sentence: string;
}

const NUMBERS: readonly (readonly [name: string, seconds: number])[] = [
  ["h", 3600],
  ["min", 60],
  ["s", 1],
];

/** `90` → `1 min 30 s`. */
export function duration(seconds: number): string {
  let rest = Math.round(seconds);
  const words: string[] = [];
  for (const [name, size] of NUMBERS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) words.push(`${count} ${name}`);
  }
  return words.join(" ") || "0 s";
}

export const lifetimeEnding = (seconds: number): Ending => ({
  cause: "lifetime",
  sentence: `ended by sandbox.limits.lifetime_seconds: it ran for ${duration(seconds)}`,
});
export const idleEnding = (seconds: number): Ending => ({
  cause: "idle",
  sentence: `ended by sandbox.limits.idle_seconds: for ${duration(seconds)} it neither wrote a line nor spoke to the network`,
});
