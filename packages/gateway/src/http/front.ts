import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { Http2Front } from "../http2/front.ts";
import { FLOW_IDLE_TIMEOUT_MS, HEADER_BYTES_MAX, KEEP_ALIVE_TIMEOUT_MS } from "../limits.ts";
import { type Flow, resetSocket } from "../state.ts";
import type { Call } from "./call.ts";
import { http1Call } from "./http1Call.ts";

/** Node's HTTP/1.1 parser on connections that we hand it; it never listens itself. */
export interface HttpFront {
  serve(flow: Flow, socket: Duplex): void;
}

export interface HttpFrontHandlers {
  onCall(flow: Flow, call: Call): void;
  onUpgrade(flow: Flow, req: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Bytes that are no HTTP request; nothing may be answered but a closing status line. */
  onMalformed(flow: Flow, socket: Duplex, problem: string): void;
}

/**
 * Requests of one connection that are not answered yet. apt sends ten ahead, others none; Node's parser would take as many as arrive,
 * and each would wait in our memory for its turn.
 */
const PIPELINED_MAX = 32;
/** RFC 9113 3.4: what a client sends first that knows, or guesses, that the server speaks HTTP/2. */
const HTTP2_PREFACE = "PRI * HTTP/2.0";

/** `http2`: who serves connections that agreed on it in their handshake. */
/**
 * A pipelined request whose turn to answer never came is not told by Node that its connection is gone: it would be under way for ever,
 * in our memory and without the end of its line in the journal.
 */
function endWithConnection(socket: Duplex, res: ServerResponse): void {
  const onGone = () => {
    setImmediate(() => {
      if (over) return;
      res.destroy();
      res.emit("close");
    });
  };
  let over = false;
  socket.once("close", onGone);
  res.once("close", () => {
    over = true;
    socket.off("close", onGone);
  });
}

export function createHttpFront(handlers: HttpFrontHandlers, http2: Http2Front | null = null): HttpFront {
  const flows = new WeakMap<Duplex, Flow>();
  const server = createServer({
    maxHeaderSize: HEADER_BYTES_MAX,
    insecureHTTPParser: false,
    // A missing Host is refused by our own check, which also writes it down.
    requireHostHeader: false,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    // Only idle time ends a request: uploads and streams may take hours.
    requestTimeout: 0,
  });
  server.timeout = FLOW_IDLE_TIMEOUT_MS;
  // Headers beyond a count would be dropped silently; the size is bounded instead, and the count checked by us.
  server.maxHeadersCount = 0;

  const unanswered = new WeakMap<Duplex, number>();
  const onRequest = (req: IncomingMessage, res: ServerResponse) => {
    const { socket } = req;
    const flow = flows.get(socket);
    if (flow === undefined) return void socket.destroy();
    const count = (unanswered.get(socket) ?? 0) + 1;
    // Those of the same read that come behind the cut still arrive here.
    if (count > PIPELINED_MAX + 1) return;
    unanswered.set(socket, count);
    if (count > PIPELINED_MAX) {
      handlers.onMalformed(flow, socket, `more than ${PIPELINED_MAX} requests at once`);
      return resetSocket(flow.socket);
    }
    res.once("close", () => unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1));
    endWithConnection(socket, res);
    handlers.onCall(
      flow,
      http1Call(req, res, () => resetSocket(flow.socket)),
    );
  };
  server.on("request", onRequest);
  server.on("checkContinue", onRequest);
  server.on("checkExpectation", onRequest);
  const onUpgrade = (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const flow = flows.get(socket);
    if (flow === undefined) return void socket.destroy();
    // Answers still to come would be written between the bytes of what follows.
    if ((unanswered.get(socket) ?? 0) > 0) {
      handlers.onMalformed(flow, socket, "another protocol asked for before the answer");
      return resetSocket(flow.socket);
    }
    handlers.onUpgrade(flow, req, socket, head);
  };
  server.on("upgrade", onUpgrade);
  server.on("connect", onUpgrade);
  server.on("clientError", (error: Error & { code?: string; rawPacket?: Buffer }, socket: Duplex) => {
    const flow = flows.get(socket);
    if (flow === undefined || socket.destroyed || error.code === "ECONNRESET") return void socket.destroy();
    const preface = error.rawPacket?.subarray(0, HTTP2_PREFACE.length).toString("latin1") === HTTP2_PREFACE;
    const problem = "it begins as HTTP/2, which is spoken here only where the TLS handshake agreed on it";
    handlers.onMalformed(flow, socket, preface ? problem : (error.code ?? error.message));
  });

  return {
    serve(flow, socket) {
      if (http2 !== null && socket instanceof TLSSocket && socket.alpnProtocol === "h2")
        return http2.serve(flow, socket);
      flows.set(socket, flow);
      // One for each request under way, beside Node's own; more would be a leak that Node should name.
      socket.setMaxListeners(PIPELINED_MAX + 16);
      server.emit("connection", socket);
    },
  };
}
