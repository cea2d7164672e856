import { readExit, sentenceOfExit } from "@creel/sandbox";
import type { Ending } from "./report/ending.ts";

/** Ends that the command's exit code tells by itself. */
const PLAIN = ["exit", "signal", "stopped", "killed"];

/** How the launcher says that the sandbox ended, where a limit or a fault ended it. */
export async function endingOf(stateDir: string): Promise<Ending | null> {
  const exit = await readExit(stateDir).catch(() => null);
  if (exit?.cause === undefined || PLAIN.includes(exit.cause)) return null;
  const sentence = sentenceOfExit(exit).replace(/\.$/, "");
  return { cause: exit.cause, sentence: `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1)}` };
}
