import { compareWithCedar } from "../test/oracle/compare-cedar.ts";

/** The engine against Cedar, on the part of the language that Cedar can express. */
export function cedar(options: { seed: number; requests: number }, say: (line: string) => void): number {
  const { requests, allowed, differences } = compareWithCedar(options);
  say(`${requests} requests, ${allowed} of them allowed by Cedar, seed ${options.seed}`);
  for (const difference of differences.slice(0, 10)) say(`DIFFERENCE ${JSON.stringify(difference)}`);
  say(`${differences.length} differences`);
  return differences.length;
}
