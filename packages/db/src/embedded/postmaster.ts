import { existsSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface RunningPostmaster {
  pid: number;
  port: number;
  /** It holds its port and has finished recovery. Before that the port may still be someone else's. */
  ready: boolean;
}

const LINE_PID = 0;
const LINE_PORT = 3;
const LINE_STATUS = 7;

/** The server that has this data folder open, if one is alive: one that an earlier, killed start left behind. */
export function findPostmaster(data: string): RunningPostmaster | null {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  const [pid, port] = [Number(lines[LINE_PID]), Number(lines[LINE_PORT])];
  const whole = Number.isInteger(pid) && pid > 1 && Number.isInteger(port) && port > 0;
  return whole && isServerOf(pid, data) ? { pid, port, ready: lines[LINE_STATUS]?.trim() === "ready" } : null;
}

/**
 * Removes the lock of a server that is gone: its number may belong to another process by now, which Postgres would take
 * for a live server. Only before a start of our own: a server that is starting writes this file piece by piece.
 */
export function clearStaleLock(data: string): void {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, "utf8").split("\n")[LINE_PID]);
  if (!isServerOf(pid, data)) rmSync(file, { force: true });
}

/** A postmaster's working directory is its data folder; a process that merely got the same number is elsewhere. */
export function isServerOf(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    return false;
  }
}
