import type { Readable, Writable } from "node:stream";

/**
 * Moves a body with back pressure. Unlike `pipeline` it destroys neither end: one HTTP/2 stream is the source of one body and the sink
 * of another, and the end of the first must not take the second with it. `done` is called once, with false when the source broke off.
 */
export function pump(options: {
  from: Readable;
  to: Writable;
  onChunk?: (bytes: number) => void;
  done?: (whole: boolean) => void;
}): void {
  const { from, to, onChunk, done } = options;
  let over = false;
  const finish = (whole: boolean) => {
    if (over) return;
    over = true;
    done?.(whole);
  };
  from.on("data", (chunk: Buffer) => {
    onChunk?.(chunk.length);
    if (to.destroyed || to.writableEnded) return;
    if (!to.write(chunk)) from.pause();
  });
  to.on("drain", () => {
    if (!from.destroyed) from.resume();
  });
  from.once("end", () => {
    if (!to.destroyed && !to.writableEnded) to.end();
    finish(true);
  });
  from.once("error", () => finish(false));
  from.once("close", () => finish(from.readableEnded));
}
