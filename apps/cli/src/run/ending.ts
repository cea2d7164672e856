import type { SandboxLimits } from "@creel/policy";
import { readExit, sentenceOfExit } from "@creel/sandbox";
import type { Ending } from "./report/ending.ts";
import { limitOfExit, refusedForks } from "./report/limit-met.ts";

/** Ends that the command's exit code tells by itself. */
const PLAIN = ["exit", "signal", "stopped", "killed"];

export interface HowItEnded {
  /** Where a limit or a fault ended it. */
  ending: Ending | null;
  /** Limits that it met and went on, in words. */
  met: string[];
}

/** What the launcher wrote down at the end. */
export async function endingOf(stateDir: string, limits: SandboxLimits | undefined): Promise<HowItEnded> {
  const exit = await readExit(stateDir).catch(() => null);
  if (exit === null) return { ending: null, met: [] };
  const forks = refusedForks(exit, limits);
  const met = forks === null ? [] : [forks];
  if (exit.cause === undefined || PLAIN.includes(exit.cause)) return { ending: null, met };
  const field = limitOfExit(exit);
  const behind = field === null ? "" : ` (${field})`;
  // The kernel ended one process of several, and the command went on to its own end.
  if (exit.cause === "memory" && exit.exitCode !== null)
    return { ending: null, met: [...met, `a process was ended for want of memory${behind}`] };
  const sentence = sentenceOfExit(exit).replace(/\.$/, "");
  const words = `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1)}${behind}`;
  return { ending: { cause: exit.cause, sentence: words }, met };
}
