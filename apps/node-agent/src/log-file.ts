import { type FileHandle, open, readFile } from "node:fs/promises";
import { isCode } from "./files.ts";

/** A piece of a sandbox's whole output, counted from its first byte ever. */
export interface LogBytes {
  offset: number;
  bytes: Buffer;
  /** Where the output ends now. */
  end: number;
}

/**
 * Reads from the log as the shim writes it: `log` is the current piece, `log.1` the one before, `log.offset` how many bytes came
 * before `log`. Null when nothing is there yet or the shim turned the pieces over during this look; look again then.
 */
export async function readLog(
  path: string,
  from: number,
  bytesMax: number,
  backlogMax: number,
): Promise<LogBytes | null> {
  const base = await baseOf(path);
  const [current, earlier] = await Promise.all([openIfThere(path), openIfThere(`${path}.1`)]);
  try {
    const size = current ? (await current.stat()).size : 0;
    const earlierSize = earlier ? (await earlier.stat()).size : 0;
    const end = base + size;
    // A count beyond the end is of an older log: begin again.
    const wanted = from > end ? base - earlierSize : from;
    const offset = Math.max(wanted, base - earlierSize, end - backlogMax);
    const inEarlier = offset < base;
    const [file, at, left] = inEarlier
      ? [earlier, offset - (base - earlierSize), base - offset]
      : [current, offset - base, end - offset];
    const buffer = Buffer.alloc(Math.max(0, Math.min(bytesMax, left)));
    const bytesRead = file && buffer.length > 0 ? (await file.read(buffer, 0, buffer.length, at)).bytesRead : 0;
    if ((await baseOf(path)) !== base) return null;
    return { offset, bytes: buffer.subarray(0, bytesRead), end };
  } finally {
    await current?.close();
    await earlier?.close();
  }
}

async function baseOf(path: string): Promise<number> {
  try {
    return Number.parseInt(await readFile(`${path}.offset`, "utf8"), 10) || 0;
  } catch (error) {
    if (isCode(error, "ENOENT")) return 0;
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
}
