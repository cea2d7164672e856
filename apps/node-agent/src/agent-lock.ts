import { takeLock } from "@creel/processes";

/**
 * One node agent a state directory: two would launch every sandbox twice. Returns what gives the directory back.
 * @throws Error naming the process that holds the directory, or why nobody can tell.
 */
export function lockState(path: string): () => void {
  const { lock, owner } = takeLock(path);
  if (lock !== null) return lock.release;
  throw new Error(`Process ${owner.pid} is already the node agent of this directory (${path}). Stop it first.`);
}
