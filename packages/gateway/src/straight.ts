import type { OnReadOpts, Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Most connections carry little, and each has a buffer of its own. */
const READ_BYTES_FIRST = 16 * 1024;
/** For those that once filled the first: fewer and larger reads cost half of what Node's own 64 KiB do. */
const READ_BYTES_BULK = 256 * 1024;

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
  let buffer = Buffer.allocUnsafeSlow(READ_BYTES_FIRST);
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
      if (length === READ_BYTES_FIRST && buffer.length === READ_BYTES_FIRST)
        buffer = Buffer.allocUnsafeSlow(READ_BYTES_BULK);
      return !paused;
    },
  };
}
