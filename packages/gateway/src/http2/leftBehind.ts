import { HTTP2_ENDED_LOOKS_MAX, HTTP2_ENDING_LOOKS_MAX, HTTP2_LOOK_INTERVAL_MS } from "../limits.ts";

export interface EndWaits {
  intervalMs: number;
  /** So many looks after it was broken off. */
  endedLooksMax: number;
  /** So many after it was closed in order: what it wrote last may still be read. */
  endingLooksMax: number;
}
const WAITS: EndWaits = {
  intervalMs: HTTP2_LOOK_INTERVAL_MS,
  endedLooksMax: HTTP2_ENDED_LOOKS_MAX,
  endingLooksMax: HTTP2_ENDING_LOOKS_MAX,
};

/**
 * Threat: Node closes the socket of a session that is over only when the last write has been answered, and reads nothing meanwhile; where
 * that answer never comes, nobody sees the other side leave, and the connection keeps its descriptor and its place for good. Invariant: a
 * session that is over is followed by its socket within a bound; `onLeft` closes it.
 */
export function watchEnd(parts: {
  session: { readonly destroyed: boolean; readonly closed: boolean; once(event: "close", then: () => void): unknown };
  onLeft: () => void;
  waits?: EndWaits;
}): void {
  const { session, onLeft, waits = WAITS } = parts;
  let looks = 0;
  const timer = setInterval(() => {
    if (!session.destroyed) return;
    looks += 1;
    if (looks < (session.closed ? waits.endingLooksMax : waits.endedLooksMax)) return;
    clearInterval(timer);
    onLeft();
  }, waits.intervalMs);
  timer.unref();
  // Said by Node when the socket has closed.
  session.once("close", () => clearInterval(timer));
}
