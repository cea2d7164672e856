import { closeSync, fstatSync, openSync, readSync, statSync, unlinkSync } from "node:fs";
import { JOURNAL_BATCH_MAX, type JournalEntry, journalEntrySchema, journalSeq } from "@creel/protocol";
import { JOURNAL_LINE_BYTES_MAX } from "../limits.ts";
import { listSegments, type Segment } from "./segments.ts";

/** Highest acknowledged `seq` by boot, as kept in `journal/acks.json`. */
export type JournalAcks = Record<string, number>;

export interface JournalReaderOptions {
  dir: string;
  acks: JournalAcks;
  /** The boot that is still being written; null when no gateway runs. Only its last segment is safe from deletion. */
  liveBoot: () => string | null;
  /** A line that is whole but not a journal entry: the disk lied, or somebody wrote there. */
  onCorrupt?: (place: string) => void;
}

/** Uploads go through this: entries after the acknowledged ones, in order within each boot, oldest boot first. */
export interface JournalReader {
  /** Next entries after what `read` gave before; empty when there is nothing new. */
  read(limit?: number): JournalEntry[];
  /** Everything given out and not acknowledged is given out again: call it after a reconnect. */
  rewind(): void;
  /** The hub has stored these; fully acknowledged segments that no one writes any more are deleted. Returns the acks to keep on disk. */
  ack(entries: readonly JournalEntry[]): JournalAcks;
}

interface Cursor {
  segment: number;
  offset: number;
  /** Last `seq` handed out. */
  seq: number;
}

const READ_CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

export function createJournalReader(options: JournalReaderOptions): JournalReader {
  const acks: JournalAcks = { ...options.acks };
  let cursors = new Map<string, Cursor>();

  function cursorOf(boot: string, first: Segment): Cursor {
    const known = cursors.get(boot);
    if (known !== undefined) return known;
    const cursor = { segment: first.index, offset: 0, seq: acks[boot] ?? 0 };
    cursors.set(boot, cursor);
    return cursor;
  }

  function parse(line: string, place: string): JournalEntry | null {
    try {
      return journalEntrySchema.parse(JSON.parse(line));
    } catch {
      options.onCorrupt?.(place);
      return null;
    }
  }

  /** Reads whole lines only: a torn tail is either still being written or lost with the boot that wrote it. */
  function readSegment(segment: Segment, cursor: Cursor, out: JournalEntry[], limit: number): void {
    const fd = openSync(segment.file, "r");
    try {
      const end = fstatSync(fd).size;
      while (out.length < limit && cursor.offset < end) {
        const want = Math.min(READ_CHUNK_BYTES, end - cursor.offset);
        const chunk = Buffer.alloc(want);
        const got = readSync(fd, chunk, 0, want, cursor.offset);
        const used = takeLines(chunk.subarray(0, got), segment, cursor, out, limit);
        if (used === 0) {
          if (got >= JOURNAL_LINE_BYTES_MAX && got === READ_CHUNK_BYTES) cursor.offset = end;
          return;
        }
      }
    } finally {
      closeSync(fd);
    }
  }

  function takeLines(chunk: Buffer, segment: Segment, cursor: Cursor, out: JournalEntry[], limit: number): number {
    let start = 0;
    while (out.length < limit) {
      const end = chunk.indexOf(NEWLINE, start);
      if (end < 0) break;
      const entry = parse(chunk.toString("utf8", start, end), `${segment.file}@${cursor.offset + start}`);
      if (entry !== null && entry.boot === segment.boot && journalSeq(entry) > cursor.seq) {
        cursor.seq = journalSeq(entry);
        out.push(entry);
      }
      start = end + 1;
    }
    cursor.offset += start;
    return start;
  }

  function bootsByAge(segments: Map<string, Segment[]>): [string, Segment[]][] {
    const age = (list: Segment[]): number => (list[0] === undefined ? 0 : statSync(list[0].file).mtimeMs);
    const live = options.liveBoot();
    return [...segments].sort((a, b) => Number(a[0] === live) - Number(b[0] === live) || age(a[1]) - age(b[1]));
  }

  /** True when every whole line of the segment is acknowledged; looks at the last line only, as `seq` grows. */
  function fullyAcked(segment: Segment): boolean {
    const cursor: Cursor = { segment: segment.index, offset: 0, seq: acks[segment.boot] ?? 0 };
    const left: JournalEntry[] = [];
    readSegment(segment, cursor, left, 1);
    return left.length === 0;
  }

  /** The youngest boot counts as alive whatever the caller says: deleting a file under a writer would lose its later lines. */
  function sweep(): void {
    const segments = listSegments(options.dir);
    const live = options.liveBoot();
    const youngest = bootsByAge(segments).at(-1)?.[0];
    for (const [boot, list] of segments) {
      const closedSegments = boot === live || boot === youngest ? list.slice(0, -1) : list;
      let kept = list.length;
      for (const segment of closedSegments) {
        if (!fullyAcked(segment)) break;
        unlinkSync(segment.file);
        kept -= 1;
      }
      if (kept === 0) {
        delete acks[boot];
        cursors.delete(boot);
      }
    }
  }

  return {
    read(limit = JOURNAL_BATCH_MAX) {
      const out: JournalEntry[] = [];
      for (const [boot, list] of bootsByAge(listSegments(options.dir))) {
        const first = list[0];
        if (first === undefined) continue;
        const cursor = cursorOf(boot, first);
        for (const segment of list) {
          if (segment.index < cursor.segment || out.length >= limit) continue;
          if (segment.index > cursor.segment) {
            cursor.segment = segment.index;
            cursor.offset = 0;
          }
          readSegment(segment, cursor, out, limit);
        }
        if (out.length >= limit) break;
      }
      return out;
    },
    rewind() {
      cursors = new Map();
    },
    ack(entries) {
      for (const entry of entries) acks[entry.boot] = Math.max(acks[entry.boot] ?? 0, journalSeq(entry));
      sweep();
      return { ...acks };
    },
  };
}

/** One pass over what is not acknowledged, for tools that only look. */
export function readJournal(dir: string, acks: JournalAcks = {}): JournalEntry[] {
  return createJournalReader({ dir, acks, liveBoot: () => null }).read(Number.MAX_SAFE_INTEGER);
}
