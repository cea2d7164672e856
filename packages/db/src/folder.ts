import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The migrations lie beside the sources; a bundled program lies in `apps/<name>/dist`. So look upwards from wherever this
 * code is, for either layout.
 */
export function findMigrations(from = fileURLToPath(import.meta.url)): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    for (const candidate of [join(folder, "drizzle"), join(folder, "packages/db/drizzle")])
      if (existsSync(join(candidate, "meta/_journal.json"))) return candidate;
    if (folder === dirname(folder))
      throw new Error(
        `no migrations found above ${from}: keep packages/db/drizzle beside the program, or pass its path as migrationsFolder`,
      );
  }
}
