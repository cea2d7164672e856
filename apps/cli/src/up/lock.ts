import { LockError, takeLock } from "@creel/processes";
import { CliError } from "../exit.ts";
import type { HomePaths } from "./home.ts";

/**
 * One `creel up` per home. Returns the function that gives the lock back.
 * @throws CliError naming the address of the one that runs.
 */
export function lockHome(paths: HomePaths, describeRunning: () => string): () => void {
  const { lock, owner } = attempt(paths);
  if (lock !== null) return lock.release;
  throw new CliError(`already running as process ${owner.pid}${describeRunning()}`, {
    place: paths.home,
    remedy: `Use that one, or stop it first (kill ${owner.pid}). CREEL_HOME starts another beside it.`,
  });
}

function attempt(paths: HomePaths): ReturnType<typeof takeLock> {
  try {
    return takeLock(paths.lock);
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    throw new CliError(`nobody can tell whether another one runs: ${error.message}`, {
      place: paths.home,
      remedy: "Give the folder and the file to this user, or set CREEL_HOME to a folder that this user may write.",
      cause: error,
    });
  }
}
