import { readFileSync } from "node:fs";
import { z } from "zod";

/** A process named so that a later one with the same number is not taken for it. */
export const processIdSchema = z.object({ pid: z.number().int().positive(), startTicks: z.string() });
export type ProcessId = z.infer<typeof processIdSchema>;

/** Field 22 of /proc/PID/stat, the start time since boot; the name in field 2 may hold blanks and brackets. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent's wait() is outstanding.
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export function identify(pid: number): ProcessId | null {
  const startTicks = startTicksOf(pid);
  return startTicks === null ? null : { pid, startTicks };
}

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks;

/** Signals exactly this process, if it still runs. `group` reaches its children as well. */
export function signal(id: ProcessId, name: NodeJS.Signals, group = false): void {
  if (!isAlive(id)) return;
  try {
    process.kill(group ? -id.pid : id.pid, name);
  } catch {
    // It ended between the check and the signal.
  }
}

const POLL_MS = 50;

/** Ends a process that is not our child (an earlier start left it), gently first. */
export async function end(id: ProcessId, graceMs: number): Promise<void> {
  signal(id, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isAlive(id) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  signal(id, "SIGKILL", true);
}
