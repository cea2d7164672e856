import { existsSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface RunningPostmaster {
  pid: number;
  port: number;
}

const LINE_PID = 0;
const LINE_PORT = 3;

/** The server that has this data folder open, if one is alive: one that an earlier, killed start left behind. */
export function findPostmaster(data: string): RunningPostmaster | null {
  const file = join(data, "postmaster.pid");
  if (!existsSync(file)) return null;
  const lines = readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[LINE_PID]);
  const port = Number(lines[LINE_PORT]);
  if (Number.isInteger(pid) && pid > 1 && Number.isInteger(port) && port > 0 && isServerOf(pid, data))
    return { pid, port };
  if (Number.isInteger(pid) && pid > 1 && isAlive(pid) && isServerOf(pid, data)) return null;
  // Its process is gone, or the number now belongs to something else, which Postgres would take for a live server.
  rmSync(file, { force: true });
  return null;
}

/** A postmaster's working directory is its data folder; a process that merely got the same number is elsewhere. */
export function isServerOf(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === data;
  } catch {
    return false;
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
