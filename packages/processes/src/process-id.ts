import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A process named so that a later one with the same number is not taken for it. */
export interface ProcessId {
  pid: number;
  /** Clock ticks from the host's start to the process' own. */
  startTicks: string;
}

const TICKS = /^\d{1,20}$/;
const POLL_MS = 50;

/** The text of `JSON.stringify(id)`; null for any other. */
export function parseProcessId(text: string): ProcessId | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("pid" in value) || !("startTicks" in value)) return null;
    const { pid, startTicks } = value;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return null;
    return typeof startTicks === "string" && TICKS.test(startTicks) ? { pid, startTicks } : null;
  } catch {
    return null;
  }
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold blanks and brackets. */
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

/** Null when no such process runs. */
export function identify(pid: number): ProcessId | null {
  const startTicks = startTicksOf(pid);
  return startTicks === null ? null : { pid, startTicks };
}

export const isAlive = (id: ProcessId): boolean => startTicksOf(id.pid) === id.startTicks;

/** Tells, whenever it is asked, whether the process that has this number now still runs. */
export function watch(pid: number): () => boolean {
  const id = identify(pid);
  return () => id !== null && isAlive(id);
}

/** Signals exactly this process, if it still runs. `group` reaches its children as well. */
export function signal(id: ProcessId, name: NodeJS.Signals, group = false): void {
  if (!isAlive(id)) return;
  try {
    process.kill(group ? -id.pid : id.pid, name);
  } catch {
    // It ended between the check and the signal.
  }
}

/** Ends a process that is not our child, gently first. */
export async function end(id: ProcessId, graceMs: number): Promise<void> {
  signal(id, "SIGTERM");
  const deadline = Date.now() + graceMs;
  while (isAlive(id) && Date.now() < deadline) await delay(POLL_MS);
  signal(id, "SIGKILL", true);
}
