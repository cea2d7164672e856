import type { Readable, Writable } from "node:stream";

/**
 * Moves a body with back pressure. Unlike `pipeline` it destroys neither end: one HTTP/2 stream is the source of one body and the sink
 * of another, and the end of the first must not take the second with it. `done` is called once, with false when the source broke off; then
 * the sink is not ended, so that nobody takes a part for the whole.
 */
export function pump(options: {
  from: Readable;
  to: Writable;
  /** Asked at the source's end. */
  whole?: () => boolean;
  onChunk?: (bytes: number) => void;
  done?: (complete: boolean) => void;
}): void {
  const { from, to, whole = () => true, onChunk, done } = options;
  let over = false;
  const finish = (complete: boolean) => {
    if (over) return;
    over = true;
    done?.(complete);
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
    if (!whole()) return finish(false);
    if (!to.destroyed && !to.writableEnded) to.end();
    finish(true);
  });
  from.once("error", () => finish(false));
  from.once("close", () => finish(false));
}
