import { LaunchError } from "./errors.ts";

/** The same bound as FRAME_BYTES_MAX in creel.h: a CA bundle is the largest thing that travels. */
export const FRAME_BYTES_MAX = 8 * 1024 * 1024;
const PREFIX_BYTES = 4;

/** A frame: u32 body length, then per word u32 length, bytes, NUL. See frame.c. */
export function encodeFrame(words: readonly string[]): Buffer {
  const parts: Buffer[] = [];
  let length = 0;
  for (const word of words) {
    const bytes = Buffer.from(word, "utf8");
    if (bytes.includes(0)) throw new LaunchError({ layer: "spec", message: "a value contains a NUL character" });
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32LE(bytes.length);
    parts.push(prefix, bytes, Buffer.alloc(1));
    length += PREFIX_BYTES + bytes.length + 1;
  }
  if (length > FRAME_BYTES_MAX) {
    throw new LaunchError({ layer: "spec", message: `the definition is larger than ${FRAME_BYTES_MAX} bytes` });
  }
  const head = Buffer.alloc(PREFIX_BYTES);
  head.writeUInt32LE(length);
  return Buffer.concat([head, ...parts]);
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
