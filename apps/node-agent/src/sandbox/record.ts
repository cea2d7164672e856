/**
 * What of one sandbox stands on disk and in its status. Threat: two writes under way at once leave the older one on disk, and with it a
 * sandbox that was held free again. Invariant: writes happen one after the other, each of the newest state; a phase follows only one
 * that it may follow.
 */
import { ENDS_KEPT_MAX, type SandboxEndRecord } from "@creel/protocol";
import { loadStatus, type SavedStatus, saveStatus } from "./status-file.ts";
import { type Phase, phaseTransitions } from "./table.ts";

export interface StatusRecord {
  saved(): SavedStatus;
  /** Resolves when this or something newer is on disk. */
  keep(change: Partial<SavedStatus>): Promise<void>;
  /** As `keep`, into another phase, or with another reason into the same. */
  enter(phase: Phase, reason: string, change?: Partial<SavedStatus>): Promise<void>;
}

export async function openRecord(options: {
  path: string;
  onEntered: (phase: Phase, reason: string) => void;
}): Promise<StatusRecord> {
  const { path } = options;
  let saved = await loadStatus(path);
  let writing: Promise<void> = Promise.resolve();

  const keep = (change: Partial<SavedStatus>): Promise<void> => {
    saved = { ...saved, ...change };
    const written = writing.then(() => saveStatus(path, saved));
    writing = written.catch(() => undefined);
    return written;
  };
  return {
    saved: () => saved,
    keep,
    async enter(phase, reason, change = {}) {
      if (phase !== saved.phase && !phaseTransitions[saved.phase].includes(phase))
        throw new Error(`A sandbox cannot go from ${saved.phase} to ${phase}.`);
      await keep({ ...change, phase, reason });
      options.onEntered(phase, reason);
    },
  };
}

/** The change by which an end is remembered. */
export function anotherEnd(
  { ends, startedAt }: SavedStatus,
  end: Omit<SandboxEndRecord, "at" | "startedAt"> & { atMs: number },
): Pick<SavedStatus, "ends" | "cause" | "exitCode"> {
  const { atMs, cause, exitCode, reason } = end;
  const known = {
    at: new Date(atMs).toISOString(),
    startedAt,
    cause,
    exitCode,
    reason: reason.slice(0, REASON_CHARS_MAX),
  };
  return { cause, exitCode, ends: [known, ...ends].slice(0, ENDS_KEPT_MAX) };
}
/** Room for every sentence there is; the wire allows as much. */
const REASON_CHARS_MAX = 512;
