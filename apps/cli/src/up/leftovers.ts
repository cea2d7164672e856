import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type HomePaths, readIfThere } from "./home.ts";
import { end, isAlive, type ProcessId, processIdSchema } from "./process-id.ts";

const GRACE_MS = 5_000;

/** The programs an earlier start left running when it was killed itself. */
function leftovers(paths: HomePaths): { file: string; id: ProcessId | null }[] {
  return readdirSync(paths.run)
    .filter((name) => name.endsWith(".json"))
    .map((name) => {
      const file = join(paths.run, name);
      const parsed = processIdSchema.safeParse(safeJson(readIfThere(file) ?? ""));
      return { file, id: parsed.success && isAlive(parsed.data) ? parsed.data : null };
    });
}

/** Ends them (never a stranger: pid and start time must both agree) and answers how many there were. */
export async function endLeftovers(paths: HomePaths): Promise<number> {
  const found = leftovers(paths);
  await Promise.all(found.map(async ({ id }) => (id === null ? undefined : end(id, GRACE_MS))));
  for (const { file } of found) rmSync(file, { force: true });
  return found.filter(({ id }) => id !== null).length;
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
