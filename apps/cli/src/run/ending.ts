import { readExit } from "@creel/sandbox";
import type { Ending } from "./report/ending.ts";

/** Ends that the command's exit code tells by itself. */
const PLAIN = ["exit", "signal", "stopped"];

/** How the launcher says that the sandbox ended, where a limit or a fault ended it. */
export async function endingOf(stateDir: string): Promise<Ending | null> {
  const exit = await readExit(stateDir).catch(() => null);
  if (exit === null || !("cause" in exit) || typeof exit.cause !== "string" || PLAIN.includes(exit.cause)) return null;
  const told = "sentence" in exit && typeof exit.sentence === "string" ? exit.sentence : null;
  return { cause: exit.cause, sentence: told ?? `ended by the sandbox's limit: ${exit.cause}` };
}
