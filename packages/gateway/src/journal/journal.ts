import { randomUUID } from "node:crypto";
import { closeSync, fdatasync, fdatasyncSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import type { JournalEntry } from "@creel/protocol";
import { JOURNAL_FSYNC_INTERVAL_MS, JOURNAL_QUEUE_MAX, JOURNAL_SEGMENT_BYTES_MAX } from "../limits.ts";
import { segmentFile } from "./segments.ts";
import { cleanTotals, type DecisionDraft, type DecisionSink, type FlowTotals, toRecord } from "./sink.ts";

/**
 * The node's journal. Threat: an agent gets something out, the process or the disk dies, and nothing says so.
 * Invariant: a decision is in the file (one `write`, group committed) before anything acts on it; `seq` is dense from 1 within
 * a boot; when the file cannot be written every `append` rejects, and the gateway denies.
 */
export interface JournalOptions {
  dir: string;
  /** One life of the gateway process. */
  boot?: string;
  now?: () => number;
  segmentBytesMax?: number;
  /** Called when writing starts to fail and, with null, when it works again. */
  onHealth?: (problem: string | null) => void;
  /** For tests of a failing disk. */
  write?: (fd: number, bytes: Uint8Array, offset: number) => number;
}

type Pending =
  | { kind: "decision"; draft: DecisionDraft; resolve: (seq: number) => void; reject: (error: Error) => void }
  | { kind: "flow_end"; ref: number; totals: FlowTotals };

export class JournalError extends Error {}

export function createJournal(options: JournalOptions): DecisionSink {
  const boot = options.boot ?? randomUUID();
  const segmentBytesMax = options.segmentBytesMax ?? JOURNAL_SEGMENT_BYTES_MAX;
  const write = options.write ?? ((fd: number, bytes: Uint8Array, offset: number) => writeSync(fd, bytes, offset));
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });

  let segment = 0;
  let fd = openSegment();
  let size = 0;
  let nextSeq = 1;
  let queue: Pending[] = [];
  let scheduled = false;
  let closed = false;
  let problem: string | null = null;
  let syncTimer: NodeJS.Timeout | null = null;

  function openSegment(): number {
    return openSync(segmentFile(options.dir, boot, segment), "ax", 0o600);
  }

  function report(next: string | null): void {
    if (next === problem) return;
    problem = next;
    options.onHealth?.(next);
  }

  function rotate(): void {
    fdatasyncSync(fd);
    const next = openSync(segmentFile(options.dir, boot, segment + 1), "ax", 0o600);
    segment += 1;
    closeSync(fd);
    fd = next;
    size = 0;
  }

  function writeAll(bytes: Uint8Array): void {
    let offset = 0;
    while (offset < bytes.length) offset += write(fd, bytes, offset);
  }

  function toLine(item: Pending, seq: number): string {
    const entry: JournalEntry =
      item.kind === "decision"
        ? { type: "decision", boot, record: toRecord(item.draft, seq) }
        : { type: "flow_end", boot, flow: { seq, ref: item.ref, ...item.totals } };
    return `${JSON.stringify(entry)}\n`;
  }

  function flush(): void {
    scheduled = false;
    if (queue.length === 0) return;
    const batch = queue;
    queue = [];
    const bytes = Buffer.from(batch.map((item, index) => toLine(item, nextSeq + index)).join(""), "utf8");
    try {
      if (size > 0 && size + bytes.length > segmentBytesMax) rotate();
      writeAll(bytes);
    } catch (error) {
      fail(batch, error instanceof Error ? error : new Error(String(error)));
      return;
    }
    size += bytes.length;
    const first = nextSeq;
    nextSeq += batch.length;
    report(null);
    scheduleSync();
    batch.forEach((item, index) => {
      if (item.kind === "decision") item.resolve(first + index);
    });
  }

  /** Takes the half-written batch back, so that its numbers can be given again; what cannot be taken back is left in a closed segment. */
  function fail(batch: Pending[], error: Error): void {
    const reason = `The journal in ${options.dir} cannot be written (${error.message}); everything is denied until it can. Free space or repair the disk.`;
    try {
      ftruncateSync(fd, size);
    } catch {
      // A torn tail in a closed segment would hide later lines of this boot: deny for good rather than write behind it.
      closed = true;
    }
    const ends = batch.filter((item) => item.kind === "flow_end");
    queue = [...ends.slice(-JOURNAL_QUEUE_MAX), ...queue];
    report(reason);
    for (const item of batch) if (item.kind === "decision") item.reject(new JournalError(reason));
  }

  function scheduleSync(): void {
    if (syncTimer !== null) return;
    syncTimer = setTimeout(() => {
      syncTimer = null;
      if (closed) return;
      fdatasync(fd, (error) => {
        if (error !== null && error.code !== "EBADF") report(`The journal's disk refuses to sync (${error.message}).`);
      });
    }, JOURNAL_FSYNC_INTERVAL_MS);
    syncTimer.unref();
  }

  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  }

  return {
    boot,
    append(draft) {
      return new Promise((resolve, reject) => {
        if (closed) return reject(new JournalError(problem ?? "The journal is closed; everything is denied."));
        if (queue.length >= JOURNAL_QUEUE_MAX) return reject(new JournalError("The journal's queue is full."));
        queue.push({ kind: "decision", draft, resolve, reject });
        schedule();
      });
    },
    end(ref, totals) {
      if (closed || queue.length >= JOURNAL_QUEUE_MAX) return;
      queue.push({ kind: "flow_end", ref, totals: cleanTotals(totals) });
      schedule();
    },
    async close() {
      if (closed) return;
      flush();
      closed = true;
      for (const item of queue) if (item.kind === "decision") item.reject(new JournalError("The journal is closed."));
      if (syncTimer !== null) clearTimeout(syncTimer);
      try {
        fdatasyncSync(fd);
      } finally {
        closeSync(fd);
      }
    },
  };
}
