import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Call } from "../http/call.ts";
import {
  FLOW_IDLE_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  HEADER_COUNT_MAX,
  HTTP2_CLIENT_WINDOW_BYTES,
  HTTP2_INVALID_FRAMES_MAX,
  HTTP2_SESSION_MEMORY_MB,
  KEEP_ALIVE_TIMEOUT_MS,
  REFUSALS_WAITING_MAX,
  STREAMS_PER_CONNECTION_MAX,
  STREAMS_PER_SANDBOX_MAX,
} from "../limits.ts";
import { resetSocket } from "../resetSocket.ts";
import type { Flow } from "../state.ts";
import { watchDeafness } from "./deafness.ts";
import { createFloodGuard } from "./floodGuard.ts";
import { http2Call, http2Head } from "./http2Call.ts";
import { watchEnd } from "./leftBehind.ts";

/**
 * HTTP/2 on connections whose TLS we ended. Threat: frames are cheap for the client and dear for us (rapid reset, CONTINUATION, PING,
 * SETTINGS, empty DATA, header tables, windows of one byte), and all sandboxes share this process. Invariant: each has a bound; what
 * passes one ends that connection, with its line in the journal, and no other.
 */
export interface Http2Front {
  serve(flow: Flow, socket: TLSSocket): void;
}

export interface Http2FrontHandlers {
  /** Never rejects; resolves when nothing waits for anything on behalf of this call but the answer itself. */
  onCall(flow: Flow, call: Call): Promise<void>;
  /** The connection speaks no correct HTTP/2, or too much of it; it is over. */
  onBroken(flow: Flow, problem: string): void;
}

const { NGHTTP2_CANCEL, NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_FLAG_END_STREAM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } =
  constants;

export function createHttp2Front(handlers: Http2FrontHandlers): Http2Front {
  const server = createServer({
    maxHeaderListPairs: HEADER_COUNT_MAX,
    maxSessionMemory: HTTP2_SESSION_MEMORY_MB,
    maxSessionInvalidFrames: HTTP2_INVALID_FRAMES_MAX,
    settings: {
      enablePush: false,
      maxConcurrentStreams: STREAMS_PER_CONNECTION_MAX,
      maxHeaderListSize: HEADER_BYTES_MAX,
      initialWindowSize: HTTP2_CLIENT_WINDOW_BYTES,
    },
  });
  /** The connection that is being handed over: Node gives its session in the same turn. */
  let arriving: { flow: Flow; socket: TLSSocket } | null = null;
  server.on("session", (session) => {
    if (arriving === null) return session.destroy();
    const { flow, socket } = arriving;
    serveSession(handlers, { flow, socket }, session);
    arriving = null;
  });
  return {
    serve(flow, socket) {
      arriving = { flow, socket };
      server.emit("connection", socket);
      if (arriving !== null) resetSocket(flow.socket);
      arriving = null;
    },
  };
}

function serveSession(
  handlers: Http2FrontHandlers,
  { flow, socket }: { flow: Flow; socket: TLSSocket },
  session: ServerHttp2Session,
): void {
  let open = 0;
  let broken = false;
  const breakOff = (problem: string, code?: number) => {
    if (broken) return;
    broken = true;
    handlers.onBroken(flow, problem);
    for (const exchange of [...flow.exchanges]) exchange.cut(problem);
    if (code !== undefined && !session.destroyed) session.goaway(code);
    session.destroy();
  };
  const guard = createFloodGuard((problem) => breakOff(problem, NGHTTP2_ENHANCE_YOUR_CALM));
  session.on("ping", guard.onControlFrame);
  session.on("remoteSettings", guard.onControlFrame);
  session.on("error", (error: Error & { code?: string }) => {
    if (error.code !== "ECONNRESET" && error.code !== "EPIPE") breakOff(error.code ?? error.message);
  });
  watchDeafness({
    session,
    socket,
    busy: () => open > 0,
    throttled: () => flow.state.bounds.bytesPerSecond !== null,
    onDeaf: () => breakOff("its client sent what ends a connection"),
  });
  watchEnd({ session, onLeft: () => resetSocket(flow.socket) });
  // Half of the connection would stay open. Who ends it in the middle of an answer has left: no client of HTTP/2 waits for one then, and
  // a server that never answers would keep the place of one that is gone.
  socket.once("end", () => {
    if (open > 0) session.destroy();
    else session.close();
  });
  session.once("close", () => {
    if (!flow.socket.destroyed) flow.socket.destroySoon();
  });
  session.setTimeout(KEEP_ALIVE_TIMEOUT_MS, () => {
    if (open === 0) session.close();
  });
  session.on("stream", (stream: ServerHttp2Stream, headers, flags, ...more: unknown[]) => {
    stream.on("error", () => {});
    const { state } = flow;
    const full =
      open >= STREAMS_PER_CONNECTION_MAX ||
      state.streams >= STREAMS_PER_SANDBOX_MAX ||
      state.refusals.waiting() >= REFUSALS_WAITING_MAX;
    if (broken || full) {
      guard.onReset();
      return stream.close(broken ? NGHTTP2_CANCEL : NGHTTP2_REFUSED_STREAM);
    }
    open += 1;
    state.streams += 1;
    const raw = Array.isArray(more[0]) ? more[0].map(String) : [];
    const head = http2Head(headers, raw, (flags & NGHTTP2_FLAG_END_STREAM) !== 0);
    stream.setTimeout(FLOW_IDLE_TIMEOUT_MS, () => stream.close(NGHTTP2_CANCEL));
    stream.once("close", () => {
      if (stream.aborted || (stream.rstCode ?? NGHTTP2_NO_ERROR) !== NGHTTP2_NO_ERROR) guard.onReset();
    });
    const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
    const call = http2Call(stream, head, () => {
      if (!session.closed) session.close();
    });
    // A stream that was given up still counts while its line is being written: resetting it must not make room for the next.
    void Promise.all([closed, handlers.onCall(flow, call)]).then(() => {
      open -= 1;
      state.streams -= 1;
    });
  });
}
