import { open, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 250;

/**
 * Runs `work` while no other process of this host does so under the same lock file; two `npm ci` in one folder would delete each
 * other's files. A lock whose process is gone is taken over.
 */
export async function underLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  while (!(await take(file))) await delay(POLL_MS);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function take(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "wx", 0o600);
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  const owner = await readFile(file, "utf8").catch(() => "");
  // Empty for the moment between its creation and its first write.
  if (owner !== "" && !isAlive(Number(owner))) await rm(file, { force: true });
  return false;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
