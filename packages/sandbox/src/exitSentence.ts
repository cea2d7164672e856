import type { SandboxExit } from "./state.ts";

/** Why it ended, for people. */
export function sentenceOfExit(exit: SandboxExit): string {
  const { cause, exitCode, signal, limit, used } = exit;
  switch (cause) {
    case "memory":
      return `It ended because it used more memory than its limit of ${bytes(limit)}.`;
    case "workspace":
      return workspaceSentence({ limit, used });
    case "processes":
      return "It ended because it started more processes than its limit.";
    case "lifetime":
      return "It ended because its time was over.";
    case "idle":
      return "It ended because it did nothing for too long.";
    case "killed":
      return "Somebody killed it.";
    case "quarantine":
      return "It ended because it was put into quarantine.";
    case "stopped":
      return "Somebody stopped it.";
    case "lost":
      return "Its first process vanished.";
    default:
      return signal === null ? `It exited with code ${exitCode ?? "unknown"}.` : `Signal ${signal} ended it.`;
  }
}

function workspaceSentence({ limit, used }: { limit: number; used: number }): string {
  if (limit === 0) return "It ended because its workspace has too many or too deep directories to be measured.";
  // A limit of files and one of bytes cannot be told apart by the number, and a person reads both.
  return `It ended because its workspace grew to ${used}, above its limit of ${limit}.`;
}

const MIB = 1024 * 1024;
const bytes = (count: number): string => (count >= MIB ? `${Math.round(count / MIB)} MiB` : `${count} bytes`);
