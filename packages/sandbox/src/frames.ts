import { LaunchError } from "./errors.ts";

/** The same bound as FRAME_BYTES_MAX in creel.h: a CA bundle is the largest thing that travels. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;
const PREFIX_BYTES = 4;

/** A frame: u32 body length, then per word u32 length, bytes, NUL. See frame.c. */
export function encodeFrame(words: readonly string[]): Buffer {
  const lengths = words.map((word) => Buffer.byteLength(word));
  const length = lengths.reduce((sum, bytes) => sum + PREFIX_BYTES + bytes + 1, 0);
  if (length > FRAME_BYTES_MAX) {
    throw new LaunchError({ layer: "spec", message: `the definition is larger than ${FRAME_BYTES_MAX} bytes` });
  }
  // Zeroed, so that the NUL behind each word is there already.
  const frame = Buffer.alloc(PREFIX_BYTES + length);
  frame.writeUInt32LE(length);
  let at = PREFIX_BYTES;
  for (const [index, word] of words.entries()) {
    if (word.includes("\0")) throw new LaunchError({ layer: "spec", message: "a value contains a NUL character" });
    at = frame.writeUInt32LE(lengths[index] ?? 0, at);
    at += frame.write(word, at) + 1;
  }
  return frame;
}

/** Collects bytes and yields whole frames. Throws on a frame larger than the bound. */
export class FrameReader {
  #held: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): string[][] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const frames: string[][] = [];
    while (this.#held.length >= PREFIX_BYTES) {
      const length = this.#held.readUInt32LE(0);
      if (length > FRAME_BYTES_MAX)
        throw new LaunchError({ layer: "control", message: "the sandbox sent a frame too large" });
      if (this.#held.length < PREFIX_BYTES + length) break;
      frames.push(splitBody(this.#held.subarray(PREFIX_BYTES, PREFIX_BYTES + length)));
      this.#held = this.#held.subarray(PREFIX_BYTES + length);
    }
    return frames;
  }
}

function splitBody(body: Buffer): string[] {
  const words: string[] = [];
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32LE(at);
    words.push(body.toString("utf8", at + PREFIX_BYTES, at + PREFIX_BYTES + length));
    at += PREFIX_BYTES + length + 1;
  }
  return words;
}
