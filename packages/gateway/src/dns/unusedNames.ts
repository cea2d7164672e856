import { DNS_UNUSED_MAX, DNS_UNUSED_MS } from "../limits.ts";

/**
 * Look-ups of names that no rule names. Threat: an attempt that leaves no trace, or one that drowns the trace in repetitions.
 * Invariant: each such name is written down once, as the connection that follows it or, where none follows, as the look-up; what
 * finds no place here is not answered at all.
 */
export interface UnusedNames {
  /** False when too many wait already. */
  asked(name: string, recordType: string): boolean;
  /** A connection to it is here, and will be written down itself. */
  connected(name: string): void;
  /** Writes what still waits. */
  flush(): Promise<void>;
}

export function createUnusedNames(write: (name: string, recordType: string) => Promise<unknown>): UnusedNames {
  const waiting = new Map<string, { recordType: string; timer: NodeJS.Timeout }>();

  async function writeNow(name: string): Promise<void> {
    const entry = waiting.get(name);
    if (entry === undefined) return;
    clearTimeout(entry.timer);
    await write(name, entry.recordType);
    // Its place is held until the line is written, so that a slow journal slows the asking too.
    if (waiting.get(name) === entry) waiting.delete(name);
  }

  return {
    asked(name, recordType) {
      if (waiting.has(name)) return true;
      if (waiting.size >= DNS_UNUSED_MAX) return false;
      waiting.set(name, { recordType, timer: setTimeout(() => void writeNow(name), DNS_UNUSED_MS).unref() });
      return true;
    },
    connected(name) {
      clearTimeout(waiting.get(name)?.timer);
      waiting.delete(name);
    },
    async flush() {
      await Promise.all([...waiting.keys()].map(writeNow));
    },
  };
}
