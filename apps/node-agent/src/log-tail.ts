import type { NodeMessage } from "@creel/protocol";
import { readIfThere, writeAtomic } from "./files.ts";
import { LOG_BACKLOG_BYTES_MAX, LOG_PIECE_BYTES_MAX, LOG_POLL_MS, LOG_SENT_SAVE_MS } from "./limits.ts";
import { readLog } from "./log-file.ts";

/** Sends a sandbox's output as it grows, over the lane that may drop; what was skipped is counted and said with the next piece. */
export interface LogTail {
  watch(sandbox: { id: string; path: string; incarnation: number }): void;
  forget(id: string): void;
  /** One look at every log; the timer does this by itself. */
  tick(): Promise<void>;
  close(): Promise<void>;
}

interface Watched {
  path: string;
  incarnation: number;
  /** Everything before this was sent; null until the saved place was read. */
  offset: number | null;
  saved: number;
}

export function createLogTail(options: { send: (message: NodeMessage) => boolean }): LogTail {
  const watched = new Map<string, Watched>();
  let running: Promise<void> | null = null;
  let savedMs = 0;

  /** Sends one piece; true when there is more. */
  const sendPiece = async (id: string, log: Watched): Promise<boolean> => {
    log.offset ??= log.saved = Number(await readIfThere(sentFile(log.path))) || 0;
    const found = await readLog(log.path, log.offset, LOG_PIECE_BYTES_MAX, LOG_BACKLOG_BYTES_MAX);
    if (!found) return false;
    const { offset, end } = found;
    const bytes = wholeCharacters(found.bytes, offset + found.bytes.length >= end);
    if (bytes.length === 0) return false;
    const dropped = Math.max(0, offset - log.offset);
    const { incarnation } = log;
    const data = bytes.toString("utf8");
    if (!options.send({ type: "log", sandboxId: id, incarnation, offset, data, dropped })) return false;
    log.offset = offset + bytes.length;
    return log.offset < end;
  };
  const save = async (): Promise<void> => {
    for (const log of watched.values()) {
      if (log.offset === null || log.offset === log.saved) continue;
      await writeAtomic(sentFile(log.path), `${log.offset}\n`);
      log.saved = log.offset;
    }
  };
  const look = async (): Promise<void> => {
    for (const [id, log] of watched) while (await sendPiece(id, log));
    if (performance.now() - savedMs < LOG_SENT_SAVE_MS) return;
    savedMs = performance.now();
    await save();
  };
  const tick = (): Promise<void> => {
    running ??= look().finally(() => {
      running = null;
    });
    return running;
  };
  // A log that cannot be read now is read at the next look; a sandbox's folder may vanish during one.
  const timer = setInterval(() => void tick().catch(() => undefined), LOG_POLL_MS);
  timer.unref();

  return {
    watch({ id, path, incarnation }) {
      const known = watched.get(id);
      if (known) known.incarnation = incarnation;
      else watched.set(id, { path, incarnation, offset: null, saved: 0 });
    },
    forget: (id) => void watched.delete(id),
    tick,
    async close() {
      clearInterval(timer);
      await running?.catch(() => undefined);
      await save().catch(() => undefined);
    },
  };
}

const sentFile = (path: string): string => `${path}.sent`;

/** Cuts before a character whose bytes are not all there yet, unless nothing else is left to send. */
export function wholeCharacters(bytes: Buffer, atEnd: boolean): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    const cut = length > back ? bytes.subarray(0, bytes.length - back) : bytes;
    return cut.length === 0 && atEnd ? bytes : cut;
  }
  return bytes;
}
