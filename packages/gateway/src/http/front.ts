import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import { ServerConnection } from "../http1/serverConnection.ts";
import type { Http2Front } from "../http2/front.ts";
import { resetSocket } from "../resetSocket.ts";
import type { Flow } from "../state.ts";
import type { Call, RequestHead } from "./call.ts";
import { http1Call } from "./http1Call.ts";

/** HTTP on connections that we are handed, of whichever version they agreed on. */
export interface HttpFront {
  serve(flow: Flow, socket: Duplex): void;
}

export interface HttpFrontHandlers {
  onCall(flow: Flow, call: Call): void;
  onUpgrade(flow: Flow, head: RequestHead, socket: Duplex, rest: Buffer): void;
  /** Bytes that are no HTTP request; nothing may be answered but a closing status line. */
  onMalformed(flow: Flow, socket: Duplex, problem: string): void;
}

/** `http2`: who serves connections that agreed on it in their handshake. */
export function createHttpFront(handlers: HttpFrontHandlers, http2: Http2Front | null = null): HttpFront {
  return {
    serve(flow, socket) {
      if (http2 !== null && socket instanceof TLSSocket && socket.alpnProtocol === "h2")
        return http2.serve(flow, socket);
      const cut = () => resetSocket(flow.socket);
      new ServerConnection(socket, {
        onExchange: (exchange) => handlers.onCall(flow, http1Call(exchange, cut)),
        onUpgrade: (head, rest) => handlers.onUpgrade(flow, head, socket, rest),
        onMalformed: (problem) => handlers.onMalformed(flow, socket, problem),
        onFlood: (problem) => {
          handlers.onMalformed(flow, socket, problem);
          cut();
        },
      });
    },
  };
}
