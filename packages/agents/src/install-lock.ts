import { LockError, waitForLock } from "@creel/processes";
import { AgentError } from "./types.ts";

export interface InstallLock {
  file: string;
  /** What is being installed, as people know it. */
  title: string;
  waitMsMax: number;
  onProgress: (line: string) => void;
}

/**
 * Runs `work` while no other process of this host does so under the same lock file; two `npm ci` in one folder would delete each
 * other's files.
 * @throws AgentError where the other one takes longer than `waitMsMax`, or nobody can tell whether there is one.
 */
export async function underLock<T>(lock: InstallLock, work: () => Promise<T>): Promise<T> {
  const held = await turn(lock);
  try {
    return await work();
  } finally {
    held.release();
  }
}

async function turn({ file, title, waitMsMax, onProgress }: InstallLock) {
  const onWait = ({ pid }: { pid: number }) => onProgress(`Waiting for process ${pid}, which is installing ${title}…`);
  try {
    return await waitForLock(file, { waitMsMax, onWait });
  } catch (error) {
    if (!(error instanceof LockError)) throw error;
    throw new AgentError(
      `${title} could not be installed: ${error.message}. End that process, or see that this user may write there.`,
    );
  }
}
