import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LaunchError } from "./errors.ts";

const BINARY = join("build", "creel-launch");
/** An app bundled into apps/<name>/dist looks for the package from there upwards. */
const IN_REPOSITORY = join("packages", "sandbox", BINARY);

let found: string | null = null;

/** Path of creel-launch. Throws LaunchError "launcher" when it has not been built. */
export function launcherPath(): string {
  if (found && existsSync(found)) return found;
  let directory = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    for (const candidate of [join(directory, IN_REPOSITORY), join(directory, BINARY)]) {
      if (existsSync(candidate)) {
        found = candidate;
        return candidate;
      }
    }
    const parent = dirname(directory);
    if (parent === directory) break;
    directory = parent;
  }
  throw new LaunchError({ layer: "launcher", message: "creel-launch has not been built" });
}
