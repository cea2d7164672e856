import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { Writable } from "node:stream";
import type { Call, RequestHead } from "../http/call.ts";
import { type HeaderPair, toPairs } from "../http/headerPair.ts";
import { REFUSAL_LINGER_MS } from "../limits.ts";
import { toHttp2Headers } from "../upstream/http2.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;

/** What nghttp2 read. Pseudo-headers stand once and first, or it would not have come here; everything else is still to be checked. */
export function http2Head(headers: IncomingHttpHeaders, raw: readonly string[], ended: boolean): RequestHead {
  const said = (name: string): string | null => {
    const value = headers[name];
    return typeof value === "string" ? value : null;
  };
  return {
    version: "2",
    method: said(":method") ?? "",
    target: said(":path") ?? "",
    pseudo: { scheme: said(":scheme") ?? "", authority: said(":authority") },
    headers: toPairs(raw).filter(([name]) => !name.startsWith(":")),
    ended,
  };
}

/** One stream of HTTP/2: cutting it leaves the others of its connection alone. */
export function http2Call(stream: ServerHttp2Stream, head: RequestHead, closeConnection: () => void): Call {
  let trailers: HeaderPair[] = [];
  stream.on("trailers", (_headers, _flags, ...more: unknown[]) => {
    const raw = more[0];
    trailers = toPairs(Array.isArray(raw) ? raw.map(String) : []);
  });
  let last = false;
  let ours = false;
  // A stream that its client resets while some of its request lies unread is closed and waits for a reader before it says so. One that
  // we close has a code to say first.
  const takenBack = (): void => {
    if (!ours) stream.destroy();
  };
  stream.once("aborted", takenBack);
  if (stream.aborted) takenBack();
  const gone = (): boolean => stream.destroyed || stream.closed;
  return {
    head,
    body: stream,
    // Node ends a stream that was reset like any other; the end that its sender meant comes while our side is still open.
    whole: () => !gone(),
    get answered() {
      return stream.headersSent;
    },
    get gone() {
      return gone();
    },
    onGone(callback) {
      if (stream.destroyed) callback();
      else stream.once("close", callback);
    },
    onError: (callback) => void stream.on("error", callback),
    trailers: () => trailers,
    sayContinue() {
      const expects = head.headers.some(([name]) => name === "expect");
      if (expects && !stream.headersSent && !gone()) stream.additionalHeaders({ ":status": 100 });
    },
    discardBody: () => void stream.resume(),
    answer({ status, headers, ended = false, trailers: follow }) {
      // Node throws for a stream that has gone, here into the event of another socket.
      if (gone()) return nowhere();
      const fields = toHttp2Headers(headers);
      fields[":status"] = status;
      const measured = fields["content-length"] !== undefined;
      stream.respond(fields, { endStream: ended, waitForTrailers: follow !== undefined && !ended && !measured });
      if (follow !== undefined) stream.once("wantTrailers", () => stream.sendTrailers(toHttp2Headers(follow())));
      stream.once("finish", () => {
        if (last) closeConnection();
        ours = true;
        giveUpRest(stream);
      });
      return stream;
    },
    // The head of a stream is a frame of its own and has gone.
    flushHead: () => {},
    closeAfter() {
      last = true;
    },
    cut: (code = NGHTTP2_CANCEL) => {
      ours = true;
      if (!stream.destroyed) stream.close(code);
    },
  };
}

/** Where an answer goes that nobody waits for any more. */
const nowhere = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });

/** The answer is whole and the request is not (RFC 9113 8.1): the client may stop sending, and after a while it must. */
function giveUpRest(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.destroyed) return;
  stream.resume();
  const timer = setTimeout(() => stream.close(NGHTTP2_NO_ERROR), REFUSAL_LINGER_MS);
  timer.unref();
  stream.once("close", () => clearTimeout(timer));
}
