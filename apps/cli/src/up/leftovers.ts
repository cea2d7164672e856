import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { end, isAlive, type ProcessId, parseProcessId } from "@creel/processes";
import { type HomePaths, readIfThere } from "./home.ts";

const GRACE_MS = 5_000;

/** The programs an earlier start left running when it was killed itself. */
function leftovers(paths: HomePaths): { file: string; id: ProcessId | null }[] {
  return readdirSync(paths.run)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = join(paths.run, name);
      const id = parseProcessId(readIfThere(file) ?? "");
      return { file, id: id !== null && isAlive(id) ? id : null };
    });
}

/** Ends them (never a stranger: pid and start time must both agree) and answers how many there were. */
export async function endLeftovers(paths: HomePaths): Promise<number> {
  const found = leftovers(paths);
  await Promise.all(found.map(async ({ id }) => (id === null ? undefined : end(id, GRACE_MS))));
  for (const { file } of found) rmSync(file, { force: true });
  return found.filter(({ id }) => id !== null).length;
}
