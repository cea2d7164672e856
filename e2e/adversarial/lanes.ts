/**
 * Runs the battery in several processes at a time. Each lane has a stage of its own (servers, secrets, victim, sandbox, gateway), so
 * that what a witness sees belongs to the one case that ran there; most attacks wait for something, and lanes use that time.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case } from "./model.ts";
import type { Told } from "./report.ts";

/** Attacks wait more than they work, so two run at a time on any machine; more than these press against the limits of single cases. */
const LANES_MIN = 2;
const LANES_MAX = 4;
/** Cases that stand beside each other often share what is warm; a lane takes this many in a row. */
const RUN = 6;

export const lanesFor = (cases: readonly Case[]): number =>
  Math.max(1, Math.min(LANES_MAX, Math.max(LANES_MIN, availableParallelism()), Math.ceil(cases.length / (2 * RUN))));

/** The share of lane `index`; what speaks of the whole run is in each. */
export const shareOf = (cases: readonly Case[], { index, count }: { index: number; count: number }): Case[] =>
  cases.filter((test, at) => test.everyLane || Math.floor(at / RUN) % count === index);

/** Starts every lane and puts what they tell together; null where a lane ended without telling. */
export async function runLanes(words: readonly string[], count: number): Promise<Told | null> {
  const folder = mkdtempSync(join(tmpdir(), "creel-adv-lanes-"));
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  try {
    const told = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const file = join(folder, `${index}.json`);
        const own = ["--lane", `${index}/${count}`, "--report", file, ...words];
        const child = spawn(process.execPath, [...process.execArgv, main, ...own], {
          stdio: ["ignore", words.includes("--json") ? "ignore" : "inherit", "inherit"],
        });
        const code = await new Promise<number | null>((resolve) => {
          child.on("error", () => resolve(null));
          child.on("exit", resolve);
        });
        return code === 0 || code === 1 ? toldIn(file) : null;
      }),
    );
    return merged(told);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Written by a lane of this same program. */
const toldIn = (file: string): Told => JSON.parse(readFileSync(file, "utf8")) as Told;

/** One list a contender; a case that several lanes ran held only where it held in all. */
function merged(lanes: readonly (Told | null)[]): Told | null {
  const whole: Told = { contenders: [] };
  for (const lane of lanes) {
    if (lane === null) return null;
    for (const part of lane.contenders) {
      const known = whole.contenders.find(({ name }) => name === part.name);
      if (known === undefined) whole.contenders.push({ ...part, cases: [...part.cases] });
      else {
        known.missing ??= part.missing;
        for (const one of part.cases) {
          const at = known.cases.findIndex(({ id }) => id === one.id);
          if (at === -1) known.cases.push(one);
          else if (one.verdict === "open") known.cases[at] = one;
        }
      }
    }
  }
  return whole;
}
