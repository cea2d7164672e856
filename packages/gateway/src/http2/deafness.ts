import { constants, type ServerHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import { HTTP2_DEAF_LOOKS_MAX, HTTP2_DEAF_THROTTLED_LOOKS_MAX, HTTP2_LOOK_INTERVAL_MS } from "../limits.ts";

export interface DeafnessWaits {
  intervalMs: number;
  /** So many looks at a connection that writes nothing end it. */
  looksMax: number;
  throttledLooksMax: number;
}
const WAITS: DeafnessWaits = {
  intervalMs: HTTP2_LOOK_INTERVAL_MS,
  looksMax: HTTP2_DEAF_LOOKS_MAX,
  throttledLooksMax: HTTP2_DEAF_THROTTLED_LOOKS_MAX,
};

/**
 * Threat: nghttp2 ends a connection for some faults of its client (a frame that is too long, a head it cannot unpack) by reading nothing
 * more, and tells nobody; Node then never sees the client leave, and its place, its bodies and its streams are kept. Invariant: what
 * arrived is followed by one PING, and a connection that does not even write that is ended. A client that is stopped is not: a PING goes
 * into its buffers; nor is one that merely holds a connection asked twice, so that it counts as idle.
 */
export function watchDeafness(parts: {
  session: ServerHttp2Session;
  socket: TLSSocket;
  /** Streams are under way. */
  busy: () => boolean;
  /** What it writes may wait for our own rate. */
  throttled: () => boolean;
  onDeaf: () => void;
  waits?: DeafnessWaits;
}): void {
  const { session, socket, busy, throttled, onDeaf, waits = WAITS } = parts;
  let heard = 0;
  let writtenBefore: number | null = null;
  let looks = 0;
  const probe = (): boolean => {
    if (!session.closed)
      return session.ping(() => {
        heard = socket.bytesRead;
      });
    // One that closes takes no PING; a GOAWAY more tells its client nothing new.
    session.goaway(constants.NGHTTP2_NO_ERROR);
    return true;
  };
  const timer = setInterval(() => {
    if (session.destroyed) return;
    if (writtenBefore === socket.bytesWritten) {
      looks += 1;
      if (looks >= (throttled() ? waits.throttledLooksMax : waits.looksMax)) onDeaf();
      return;
    }
    writtenBefore = null;
    looks = 0;
    if (!busy() && socket.bytesRead === heard) return;
    const before = socket.bytesWritten;
    // False: its client leaves too many unanswered; whether we write is not known then.
    if (probe()) writtenBefore = before;
  }, waits.intervalMs);
  timer.unref();
  session.once("close", () => clearInterval(timer));
}
