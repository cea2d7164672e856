import type { Duplex, Transform } from "node:stream";

/**
 * Moves bytes both ways until both directions have ended. The end of one direction is passed on as such and the other goes on
 * (half-close); an error or an abrupt close of one side ends both, which `onEnd(false)` says.
 */
export function relay(options: {
  sandbox: Duplex;
  upstream: Duplex;
  /** Stands between the sandbox and the upstream; an error of it ends both. */
  gate?: Transform;
  /** Stand between the upstream and the sandbox, in this order. */
  filters?: readonly Transform[];
  onBytes: (direction: "in" | "out", bytes: number) => void;
  onEnd: (clean: boolean, error: Error | null) => void;
}): void {
  const { sandbox, upstream, gate, filters = [], onBytes, onEnd } = options;
  let ended = false;
  const finish = (clean: boolean, error: Error | null) => {
    if (ended) return;
    ended = true;
    onEnd(clean, error);
  };
  sandbox.on("data", (chunk: Buffer) => onBytes("out", chunk.length));
  upstream.on("data", (chunk: Buffer) => onBytes("in", chunk.length));
  if (gate === undefined) sandbox.pipe(upstream);
  else sandbox.pipe(gate).pipe(upstream);
  let from = upstream;
  for (const filter of filters) from = from.pipe(filter);
  from.pipe(sandbox);
  for (const filter of filters) filter.on("error", (error) => finish(false, error));
  gate?.on("error", (error) => finish(false, error));
  const sides = [sandbox, upstream];
  for (const side of sides) {
    side.on("error", (error) => finish(false, error));
    side.once("close", () =>
      finish(
        sides.every((one) => one.readableEnded && one.writableFinished),
        null,
      ),
    );
  }
}
