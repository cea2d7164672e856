import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { readIfThere, writeAtomic } from "./files.ts";

/** The moment a process began, in clock ticks since boot: pid and this name one process for ever. Null when it does not run. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Field 22, counted after the name in parentheses, which may hold anything.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/**
 * One node agent a state directory: two would launch every sandbox twice. A lock left by a process that was killed counts for nothing.
 * @throws Error naming the process that holds the directory.
 */
export async function lockState(path: string): Promise<() => Promise<void>> {
  const mine = `${process.pid} ${startOf(process.pid)}`;
  const held = (await readIfThere(path))?.trim() ?? "";
  const [pid, start] = held.split(" ");
  if (held !== mine && pid && startOf(Number(pid)) === start)
    throw new Error(`Process ${pid} is already the node agent of this directory (${path}). Stop it first.`);
  await writeAtomic(path, `${mine}\n`);
  return () => rm(path, { force: true });
}
