import { type ClientHttp2Session, type ClientHttp2Stream, constants, type OutgoingHttpHeaders } from "node:http2";
import { type HeaderPair, toPairs } from "../http/headerPair.ts";
import { FLOW_IDLE_TIMEOUT_MS, UPSTREAM_TURN_TIMEOUT_MS } from "../limits.ts";
import { authorityOf, type Sending } from "./http1.ts";
import type { Held } from "./http2Pool.ts";
import { NO_TURN, type UpstreamCall, type UpstreamEvents } from "./upstreamCall.ts";

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_STREAM_STATE_IDLE } =
  constants;

/** Names in lower case, one line a name as RFC 9110 5.3 reads it; a list where several lines are their only form. */
export function toHttp2Headers(pairs: readonly HeaderPair[]): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.create(null);
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    const before = headers[key];
    if (key === "set-cookie") headers[key] = before === undefined ? [value] : [before, value].flat().map(String);
    else headers[key] = before === undefined ? value : `${before}${key === "cookie" ? "; " : ", "}${value}`;
  }
  return headers;
}

/** Node hands the lines on as they came; its types know of it on no event. */
const rawPairs = (raw: unknown): HeaderPair[] =>
  toPairs(Array.isArray(raw) ? raw.map(String) : []).filter(([name]) => !name.startsWith(":"));

/** Sends on a session that leads to this host and to an address that was judged. */
export function sendHttp2(sending: Sending, held: Held, events: UpstreamEvents): UpstreamCall {
  const { flow, request } = sending;
  const headers = toHttp2Headers(sending.headers);
  headers[":method"] = request.method;
  headers[":scheme"] = "https";
  headers[":authority"] = authorityOf(flow);
  headers[":path"] = request.target;
  if (request.takesTrailers) headers.te = "trailers";
  const endStream = request.body === "none";
  const { session } = held;
  const stream = session.request(headers, { endStream, waitForTrailers: !endStream });
  stream.setTimeout(FLOW_IDLE_TIMEOUT_MS, () => letGo(stream));
  if (!endStream) {
    stream.once("wantTrailers", () => {
      const trailers = events.trailers();
      if (trailers === null) stream.close(NGHTTP2_CANCEL);
      else stream.sendTrailers(toHttp2Headers(trailers));
    });
  }
  // A server that allows few streams keeps the next ones waiting, for ever where the answers of those never end.
  const turn = setTimeout(() => {
    if (waitsForTurn(stream)) stream.destroy(new Error(NO_TURN));
  }, UPSTREAM_TURN_TIMEOUT_MS);
  stream.once("close", () => clearTimeout(turn));
  held.streams += 1;
  stream.once("close", () => {
    held.streams -= 1;
  });
  listen(stream, session, events);
  return {
    body: stream,
    destroy: () => letGo(stream),
  };
}

/** Its head is still with us. Node gives it a number at once and calls it pending no more; to nghttp2 it is idle until it is sent. */
const waitsForTurn = (stream: ClientHttp2Stream): boolean =>
  !stream.destroyed && stream.state.state === NGHTTP2_STREAM_STATE_IDLE;

/**
 * Ends a stream whose answer nobody reads any more, and tells the server. Node keeps one that its server has ended until the rest of it was
 * read, and one whose session reads nothing more for ever: its connection, which ends with its last stream, would stay as long.
 */
function letGo(stream: ClientHttp2Stream): void {
  if (stream.destroyed) return;
  if (!stream.closed) stream.close(NGHTTP2_CANCEL);
  // Not before the code is on its way.
  setImmediate(() => stream.destroy());
}

function listen(stream: ClientHttp2Stream, session: ClientHttp2Session, events: UpstreamEvents): void {
  let over = false;
  let problem: (Error & { code?: string }) | null = null;
  let trailers: HeaderPair[] = [];
  stream.on("trailers", (_headers, _flags, ...more: unknown[]) => {
    trailers = rawPairs(more[0]);
  });
  stream.on("response", (headers, flags, ...more: unknown[]) => {
    if (over) return;
    over = true;
    events.onAnswer({
      status: headers[":status"] ?? 0,
      reason: "",
      headers: rawPairs(more[0]),
      body: stream,
      // Node ends a stream that was reset like any other.
      whole: () => (stream.rstCode ?? NGHTTP2_NO_ERROR) === NGHTTP2_NO_ERROR && !session.destroyed,
      ended: (flags & NGHTTP2_FLAG_END_STREAM) !== 0,
      trailers: () => trailers,
    });
  });
  stream.on("error", (error) => {
    problem = error;
  });
  stream.once("close", () => {
    if (over) return;
    over = true;
    const code = stream.rstCode ?? NGHTTP2_NO_ERROR;
    const untouched = code === NGHTTP2_REFUSED_STREAM;
    // What we ended ourselves, the server did not say.
    const said = session.destroyed || problem?.message === NO_TURN ? null : code;
    events.onFailure({ message: problem?.code ?? problem?.message ?? `HTTP/2 code ${code}`, untouched, code: said });
  });
}
