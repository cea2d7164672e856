import type { SandboxExit } from "./state.ts";

/** Why it ended, for people. */
export function sentenceOfExit(exit: SandboxExit): string {
  const { cause, exitCode, signal, limit } = exit;
  switch (cause) {
    case "memory":
      return `It ended because it used more memory than its limit of ${bytes(limit)}.`;
    case "workspace":
      return workspaceSentence(exit);
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

function workspaceSentence({ limit, used, unit }: SandboxExit): string {
  if (limit === 0) return "It ended because its workspace has too many or too deep directories to be measured.";
  const count = (value: number): string => (unit === "bytes" ? bytes(value) : `${value} files and directories`);
  return `It ended because its workspace grew to ${count(used)}; its limit is ${count(limit)}.`;
}

const MIB = 1024 * 1024;
const bytes = (count: number): string => (count >= MIB ? `${Math.round(count / MIB)} MiB` : `${count} bytes`);
