import { writeFileSync } from "node:fs";
import { cpuMs } from "./clock.ts";
import { growth } from "./growth.ts";
import { mutate } from "./mutate.ts";
import type { FuzzOptions } from "./options.ts";
import { Random } from "./random.ts";
import { type Target, targets } from "./targets.ts";

/** One call on a mutated text of at most 200,000 characters; far above what linear work takes on a busy machine. */
const CALL_MS_MAX = 1_000;
const GROWTH_EVERY_MINUTES = 20;

export interface Finding {
  target: string;
  seed: number;
  round: number;
  what: string;
  text: string;
}

/** Texts with outcomes of their own that are kept beside the seeds, and how long they may be. */
const POOL_MAX = 1_000;
const POOL_CHARS_MAX = 4_000;

/** Runs one text; `what` is null when everything held. A slow call is measured again, so that a busy moment is no finding. */
function tryText(target: Target, text: string): { what: string | null; outcome: string; ms: number } {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 3; attempt++) {
    const began = cpuMs();
    let outcome: string;
    try {
      outcome = target.run(text);
    } catch (error) {
      return { what: error instanceof Error ? `${error.name}: ${error.message}` : String(error), outcome: "", ms: 0 };
    }
    best = Math.min(best, cpuMs() - began);
    if (best <= CALL_MS_MAX) return { what: null, outcome, ms: best };
  }
  return { what: `took ${Math.round(best)} ms`, outcome: "", ms: best };
}

/** The seeds, and every text that had an outcome not seen before: what is odd is mutated on. */
export class Pool {
  readonly texts: string[];
  private readonly outcomes = new Set<string>();

  constructor(seeds: readonly string[]) {
    this.texts = [...seeds];
  }

  offer(text: string, outcome: string): void {
    if (this.outcomes.has(outcome) || this.texts.length >= POOL_MAX || text.length > POOL_CHARS_MAX) return;
    this.outcomes.add(outcome);
    this.texts.push(text);
  }
}

/** Mutates and runs every target in turn until the time is over. */
export function mutateFor(options: FuzzOptions, say: (line: string) => void): number {
  const chosen = targets.filter((target) => options.target === null || target.name === options.target);
  const untilMs = Date.now() + options.minutes * 60_000;
  const random = new Random(options.seed);
  const findings = new Map<string, Finding>();
  const pools = new Map<string, Pool>();
  const calls = new Map<string, number>();
  const slowest = new Map<string, number>();
  let nextLineMs = Date.now() + 60_000;
  let nextGrowthMs = Date.now() + GROWTH_EVERY_MINUTES * 60_000;
  let failed = 0;
  for (let round = 0; Date.now() < untilMs; round++) {
    for (const target of chosen) {
      const pool = pools.get(target.name) ?? new Pool(target.seeds);
      pools.set(target.name, pool);
      const text = mutate(pool.texts, random);
      const { what, outcome, ms } = tryText(target, text);
      pool.offer(text, outcome);
      calls.set(target.name, (calls.get(target.name) ?? 0) + 1);
      slowest.set(target.name, Math.max(slowest.get(target.name) ?? 0, ms));
      if (what === null) continue;
      failed += 1;
      const key = `${target.name}: ${what.replace(/\d+/g, "N").slice(0, 160)}`;
      if (findings.has(key)) continue;
      const finding = { target: target.name, seed: options.seed, round, what, text };
      findings.set(key, finding);
      const file = `${options.keepIn}/${target.name}-${options.seed}-${round}.json`;
      writeFileSync(file, JSON.stringify(finding));
      say(`FOUND ${target.name}: ${what}\n  kept in ${file}\n  ${JSON.stringify(text.slice(0, 300))}`);
    }
    if (Date.now() >= nextLineMs) {
      nextLineMs += 60_000;
      const counts = [...calls].map(
        ([name, count]) => `${name} ${count} (max ${Math.round(slowest.get(name) ?? 0)} ms)`,
      );
      say(`${new Date().toISOString()} round ${round}, ${findings.size} findings; ${counts.join(", ")}`);
    }
    if (Date.now() >= nextGrowthMs) {
      nextGrowthMs += GROWTH_EVERY_MINUTES * 60_000;
      failed += growth(options, say);
    }
  }
  const kinds = [...pools].map(([name, pool]) => `${name} ${pool.texts.length}`);
  say(`texts with outcomes of their own: ${kinds.join(", ")}`);
  const total = [...calls.values()].reduce((sum, count) => sum + count, 0);
  say(`${total} texts, seed ${options.seed}, ${findings.size} kinds of finding, ${failed} in all`);
  return failed === 0 ? 0 : 1;
}
