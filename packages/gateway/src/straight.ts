import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Most connections carry little, and each has a buffer of its own. */
const READ_BYTES_FIRST = 16 * 1024;
/** For those that once filled the first: fewer and larger reads cost half of what Node's own 64 KiB do. */
const READ_BYTES_BULK = 256 * 1024;
/** For a few that fill that one too: a third less again. All of a sandbox's connections with such a buffer would be half a GiB. */
const READ_BYTES_LARGE = 1024 * 1024;
/** Of all sandboxes of this process; the others go on with what they have. */
export const LARGE_BUFFERS_MAX = 16;
let largeBuffers = 0;

/** The next size where this one was filled; null where it stays. `onGone` is told what to do once the connection is over. */
function largerThan(bytes: number, onGone: (giveBack: () => void) => void): Buffer | null {
  if (bytes === READ_BYTES_FIRST) return Buffer.allocUnsafeSlow(READ_BYTES_BULK);
  if (bytes !== READ_BYTES_BULK || largeBuffers >= LARGE_BUFFERS_MAX) return null;
  largeBuffers += 1;
  onGone(() => {
    largeBuffers -= 1;
  });
  return Buffer.allocUnsafeSlow(READ_BYTES_LARGE);
}

/** How many connections have such a buffer. */
export const largeBuffersTaken = (): number => largeBuffers;

/**
 * How an upstream connection is read when nothing stands between it and the sandbox: into one buffer that is used again and again.
 * Invariant: nothing is read into it while a write from it waits; the upstream is paused until the sandbox has taken everything.
 * `sandbox` must not use a chunk after the callback of its write. The upstream emits no `data`; `onChunk` must keep nothing.
 */
export function readStraight(options: {
  sandbox: Duplex;
  upstream: () => Socket;
  onChunk: (chunk: Buffer) => void;
}): OnReadOpts {
  const { sandbox, upstream, onChunk } = options;
  let buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES_FIRST);
  return {
    buffer: () => buffer,
    callback: (length, into) => {
      const chunk = Buffer.from(into.buffer, into.byteOffset, length);
      onChunk(chunk);
      let paused = false;
      sandbox.write(chunk, () => {
        if (paused) upstream().resume();
      });
      // What the kernel has taken at once needs the buffer no more.
      paused = sandbox.writableLength > 0;
      // What was read into it before may still be written from; it keeps that alive by itself.
      if (length === buffer.length)
        buffer = largerThan(length, (giveBack) => upstream().once("close", giveBack)) ?? buffer;
      return !paused;
    },
  };
}
