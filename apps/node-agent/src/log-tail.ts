import { type FileHandle, open } from "node:fs/promises";
import type { NodeMessage } from "@creel/protocol";
import { isCode } from "./files.ts";
import { LOG_BACKLOG_BYTES_MAX, LOG_PIECE_BYTES_MAX, LOG_POLL_MS } from "./limits.ts";

/** Sends a sandbox's output as it grows, over the lane that may drop; what was skipped is counted and said with the next piece. */
export interface LogTail {
  watch(sandbox: { id: string; path: string; incarnation: number }): void;
  forget(id: string): void;
  /** One look at every log; the timer does this by itself. */
  tick(): Promise<void>;
  close(): void;
}

interface Watched {
  path: string;
  incarnation: number;
  offset: number;
  dropped: number;
}

export function createLogTail(options: { send: (message: NodeMessage) => boolean }): LogTail {
  const watched = new Map<string, Watched>();
  let busy = false;

  const sendPiece = async (id: string, log: Watched, file: FileHandle): Promise<boolean> => {
    const { size } = await file.stat();
    // The file began anew: so does the count.
    if (size < log.offset) log.offset = 0;
    const behind = size - log.offset;
    if (behind > LOG_BACKLOG_BYTES_MAX) {
      const skip = behind - LOG_BACKLOG_BYTES_MAX;
      log.offset += skip;
      log.dropped += skip;
    }
    if (size === log.offset) return false;
    const buffer = Buffer.alloc(Math.min(LOG_PIECE_BYTES_MAX, size - log.offset));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, log.offset);
    const bytes = wholeCharacters(buffer.subarray(0, bytesRead), log.offset + bytesRead >= size);
    if (bytes.length === 0) return false;
    const sent = options.send({
      type: "log",
      sandboxId: id,
      incarnation: log.incarnation,
      offset: log.offset,
      data: bytes.toString("utf8"),
      dropped: log.dropped,
    });
    if (!sent) return false;
    log.offset += bytes.length;
    log.dropped = 0;
    return log.offset < size;
  };

  const tick = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      for (const [id, log] of watched) {
        const file = await openIfThere(log.path);
        if (!file) continue;
        try {
          while (await sendPiece(id, log, file));
        } finally {
          await file.close();
        }
      }
    } finally {
      busy = false;
    }
  };
  // A log that cannot be read now is read at the next look.
  const timer = setInterval(() => void tick().catch(() => undefined), LOG_POLL_MS);
  timer.unref();

  return {
    watch({ id, path, incarnation }) {
      const known = watched.get(id);
      if (known) known.incarnation = incarnation;
      else watched.set(id, { path, incarnation, offset: 0, dropped: 0 });
    },
    forget: (id) => void watched.delete(id),
    tick,
    close: () => clearInterval(timer),
  };
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}

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
