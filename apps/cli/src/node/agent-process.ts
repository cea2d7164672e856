import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { inheritedEnv, projectRoot, readEnv } from "../env.ts";
import { CliError } from "../exit.ts";
import { homePaths } from "../up/home.ts";
import { built } from "../up/programs.ts";

/** The state folder that was named, or the one of CREEL_HOME. */
export const nodeDir = (dir: string | undefined): string =>
  dir === undefined ? homePaths(readEnv().home).node : resolve(dir);

/**
 * Starts the node agent's program with the person's own environment: it runs for them and takes models' keys from there.
 * @throws CliError when it has not been built.
 */
export function spawnNodeAgent(settings: NodeJS.ProcessEnv, stdio: SpawnOptions["stdio"]): ChildProcess {
  if (!existsSync(built.nodeAgent))
    throw new CliError(`not built yet: ${built.nodeAgent} is missing`, {
      place: projectRoot,
      remedy: "Run `npm run build` first.",
    });
  return spawn(process.execPath, ["--enable-source-maps", built.nodeAgent], {
    env: { ...inheritedEnv(), NODE_ENV: "production", ...settings },
    stdio: stdio ?? "inherit",
    // A group of its own: Ctrl-C reaches it once, from us, and not from the terminal as well.
    detached: true,
  });
}
