/** Does time grow as the text grows? Repetitions of a unit, doubled to a megabyte; a hostile text must not cost more per byte. */
import { writeFileSync } from "node:fs";
import { cpuMs } from "./clock.ts";
import type { FuzzOptions } from "./options.ts";
import { type Target, targets } from "./targets.ts";

const CHARS_MIN = 32 * 1024;
const CHARS_MAX = 1024 * 1024;
/** Below this a measurement says more about the machine than about the code. */
const MS_TELLING = 4;
/** The slope of log time over log length: 1 is linear, 2 is square. Sorting and cache misses stay below. */
const EXPONENT_MAX = 1.3;
/** One call on a megabyte, in which a target may read the text several times; `hostile` holds single readings to one second. */
const CALL_MS_MAX = 4_000;

interface Growth {
  target: string;
  unit: string;
  around: readonly [string, string];
  /** Characters and milliseconds, ascending. */
  points: { chars: number; ms: number }[];
  exponent: number | null;
  broken: string | null;
}

function best(target: Target, text: string, tries: number): number {
  let ms = Number.POSITIVE_INFINITY;
  for (let left = tries; left > 0; left--) {
    const began = cpuMs();
    target.run(text);
    ms = Math.min(ms, cpuMs() - began);
    // A long call needs no second opinion unless it is over the bound.
    if (ms > 50 && ms < CALL_MS_MAX) break;
  }
  return ms;
}

function measureGrowth(target: Target, unit: string, around: readonly [string, string]): Growth {
  const points: Growth["points"] = [];
  let broken: string | null = null;
  for (let chars = CHARS_MIN; chars <= CHARS_MAX; chars *= 2) {
    const room = Math.max(0, chars - around[0].length - around[1].length);
    const text = around[0] + unit.repeat(Math.floor(room / unit.length)) + around[1];
    try {
      const ms = best(target, text, 2);
      points.push({ chars, ms });
      if (ms > CALL_MS_MAX) {
        broken = `${Math.round(ms)} ms for ${chars} characters`;
        break;
      }
    } catch (error) {
      broken = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      break;
    }
  }
  const exponent = slope(points);
  if (broken === null && exponent !== null && exponent > EXPONENT_MAX)
    broken = `grows with exponent ${exponent.toFixed(2)}`;
  return { target: target.name, unit, around, points, exponent, broken };
}

/** The middle of the slopes between neighbours that took long enough to tell; null when fewer than two did. */
function slope(points: Growth["points"]): number | null {
  const telling = points.filter(({ ms }) => ms >= MS_TELLING);
  const slopes: number[] = [];
  for (const [i, point] of telling.entries()) {
    const before = telling[i - 1];
    if (before !== undefined) slopes.push(Math.log(point.ms / before.ms) / Math.log(point.chars / before.chars));
  }
  if (slopes.length < 2) return null;
  slopes.sort((a, b) => a - b);
  return slopes[Math.floor((slopes.length - 1) / 2)] ?? null;
}

/** How many units grow faster than they may. A unit over the bound is measured again before it counts. */
export function growth(options: Pick<FuzzOptions, "target" | "keepIn">, say: (line: string) => void): number {
  let failed = 0;
  for (const target of targets) {
    if (options.target !== null && target.name !== options.target) continue;
    let worst: Growth | null = null;
    let units = 0;
    for (const around of target.around ?? [["", ""] as const]) {
      for (const unit of target.units) {
        if (unit === "") continue;
        units += 1;
        let found = measureGrowth(target, unit, around);
        if (found.broken !== null) found = measureGrowth(target, unit, around);
        if ((found.points.at(-1)?.ms ?? 0) > (worst?.points.at(-1)?.ms ?? -1)) worst = found;
        if (found.broken === null) continue;
        failed += 1;
        const line = `${target.name} ${JSON.stringify(unit)} in ${JSON.stringify(around)}: ${found.broken}`;
        say(`GROWTH ${line}; ${found.points.map((p) => `${p.chars / 1024}k ${p.ms.toFixed(1)}ms`).join(" ")}`);
        writeFileSync(`${options.keepIn}/growth-${target.name}-${failed}.json`, JSON.stringify(found));
      }
    }
    const last = worst?.points.at(-1);
    if (last !== undefined)
      say(
        `growth ${target.name}: ${units} units, slowest ${JSON.stringify(worst?.unit)} ${last.ms.toFixed(0)} ms at ${last.chars / 1024}k, exponent ${worst?.exponent?.toFixed(2) ?? "-"}`,
      );
  }
  return failed;
}
