import { type Duplex, Transform } from "node:stream";
import * as zlib from "node:zlib";

/**
 * Answers are asked for uncompressed where they are searched for secrets: a search costs less than inflating, and nothing is left that
 * could go wrong. What comes compressed all the same is inflated as it streams, held to the speed at which the client reads, so that a
 * bomb fills no memory. More than one layer, or one that is not known, cannot be searched.
 */
export function inflaterFor(contentEncoding: string | undefined): Duplex | "none" | null {
  const encoding = (contentEncoding ?? "").trim().toLowerCase();
  if (encoding === "" || encoding === "identity") return "none";
  if (encoding === "gzip" || encoding === "x-gzip") return zlib.createGunzip();
  if (encoding === "deflate") return zlib.createInflate();
  if (encoding === "br") return zlib.createBrotliDecompress();
  if (encoding === "zstd") return createZstd();
  return null;
}

/** Node has it from 22.15 on. */
function createZstd(): Duplex | null {
  const make: unknown = Reflect.get(zlib, "createZstdDecompress");
  return typeof make === "function" ? asDuplex(make.call(zlib)) : null;
}

/** Node's own streams of `zlib` are Transforms. */
const asDuplex = (stream: Duplex): Duplex => stream;

const BLOCK_BYTES = 16 * 1024;

/**
 * Cuts what was inflated anew. A server packs a guess of the agent's beside the secret the smaller the better it guesses; where its
 * packets ended would show in the sizes of what is inflated from them. A compressed stream was not asked for, and arrives in blocks.
 */
export function inBlocks(): Transform {
  let held: Buffer[] = [];
  let heldBytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held.push(chunk);
      heldBytes += chunk.length;
      if (heldBytes < BLOCK_BYTES) return done();
      const bytes = Buffer.concat(held, heldBytes);
      const whole = bytes.length - (bytes.length % BLOCK_BYTES);
      for (let at = 0; at < whole; at += BLOCK_BYTES) this.push(bytes.subarray(at, at + BLOCK_BYTES));
      held = [bytes.subarray(whole)];
      heldBytes = bytes.length - whole;
      done();
    },
    flush(done) {
      done(null, heldBytes === 0 ? undefined : Buffer.concat(held, heldBytes));
    },
  });
}
