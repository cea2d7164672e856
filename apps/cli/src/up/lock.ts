import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { CliError, systemCode } from "../exit.ts";
import { type HomePaths, readIfThere } from "./home.ts";
import { identify, isAlive, processIdSchema } from "./process-id.ts";

/** Two attempts: the second after a dead owner's file was taken away. */
const ATTEMPTS = 2;

/** Who holds the lock and still runs, or null. */
function lockOwner(paths: HomePaths): number | null {
  const text = readIfThere(paths.lock);
  if (text === null) return null;
  try {
    const owner = processIdSchema.parse(JSON.parse(text));
    return isAlive(owner) ? owner.pid : null;
  } catch {
    // Half-written by a start that was killed: nobody holds it.
    return null;
  }
}

/**
 * One `creel up` per home. Returns the function that gives the lock back.
 * @throws CliError naming the address of the one that runs.
 */
export function takeLock(paths: HomePaths, describeRunning: () => string): () => void {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const owner = lockOwner(paths);
    if (owner !== null) {
      throw new CliError(`already running as process ${owner}${describeRunning()}`, {
        place: paths.home,
        remedy: `Use that one, or stop it first (kill ${owner}). CREEL_HOME starts another beside it.`,
      });
    }
    rmSync(paths.lock, { force: true });
    try {
      const file = openSync(paths.lock, "wx", 0o600);
      writeSync(file, `${JSON.stringify(identify(process.pid))}\n`);
      closeSync(file);
      return () => rmSync(paths.lock, { force: true });
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
  throw new CliError("another `creel up` started at the same moment", { place: paths.home, remedy: "Try again." });
}
