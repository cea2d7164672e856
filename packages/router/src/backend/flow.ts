import { READ_AHEAD_BYTES_MAX } from "../limits.ts";

/** How a flow talks back to the socket that feeds it. */
export interface Source {
  pause(): void;
  resume(): void;
  abort(reason: Error): void;
}

/** A bounded hand-over from a socket that pushes to a reader that pulls. */
export interface Flow {
  push(chunk: Buffer): void;
  end(): void;
  fail(error: Error): void;
  body: AsyncIterableIterator<Buffer>;
}

/**
 * The source is paused while more than `READ_AHEAD_BYTES_MAX` wait for a slow reader, and aborted when the reader leaves early, so that
 * a provider does not go on generating for nobody.
 */
export function createFlow(source: Source): Flow {
  const waiting: Buffer[] = [];
  let bytes = 0;
  let paused = false;
  let finished: { error: Error | null } | null = null;
  let wake: (() => void) | null = null;

  const notify = () => {
    wake?.();
    wake = null;
  };
  const finish = (error: Error | null) => {
    finished ??= { error };
    notify();
  };

  async function next(): Promise<IteratorResult<Buffer>> {
    while (waiting.length === 0) {
      if (finished?.error) throw finished.error;
      if (finished) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const value = waiting.shift() ?? Buffer.alloc(0);
    bytes -= value.length;
    if (paused && bytes <= READ_AHEAD_BYTES_MAX / 2) {
      paused = false;
      source.resume();
    }
    return { done: false, value };
  }

  const leave = async (): Promise<IteratorResult<Buffer>> => {
    if (!finished) source.abort(new Error("the reader left"));
    waiting.length = 0;
    finish(null);
    return { done: true, value: undefined };
  };

  const body: AsyncIterableIterator<Buffer> = { next, return: leave, [Symbol.asyncIterator]: () => body };
  return {
    push(chunk) {
      if (finished || chunk.length === 0) return;
      waiting.push(chunk);
      bytes += chunk.length;
      if (!paused && bytes > READ_AHEAD_BYTES_MAX) {
        paused = true;
        source.pause();
      }
      notify();
    },
    end: () => finish(null),
    fail: finish,
    body,
  };
}
