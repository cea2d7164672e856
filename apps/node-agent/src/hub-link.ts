/**
 * The node's one connection to its hub. Threat: a false hub, or a hub that went bad, reaching into the host. Invariant: only a
 * server whose chain and name verify against the CA pinned at enrolment is spoken to, and only messages that parse are acted on;
 * the link asks for nothing but what the callbacks below do.
 */
import {
  closeCodes,
  HEARTBEAT_INTERVAL_MS,
  HEARTBEAT_TIMEOUT_MS,
  type HubMessage,
  hubMessageSchema,
  type NodeMessage,
  WS_FRAME_BYTES_MAX,
} from "@creel/protocol";
import type { Logger } from "pino";
import WebSocket from "ws";
import { createBackoff } from "./backoff.ts";
import type { Identity } from "./identity.ts";

const HANDSHAKE_MS_MAX = 10_000;
/** Beyond this the droppable lane drops rather than grow the process. */
const DROPPABLE_BUFFERED_BYTES_MAX = 1024 * 1024;
/** A refused node keeps enforcing and asks again, but not so often that it is a burden. */
const REFUSED_RETRY_MS = { firstMs: 5_000, lastMs: 60_000 };
const RETRY_MS = { firstMs: 200, lastMs: 10_000 };

export interface HubLink {
  readonly connected: boolean;
  /** Hands a message to the live connection; false when there is none, and then nothing was sent. */
  send(message: NodeMessage): boolean;
  /** As `send`, but also false when the connection is slow. For what may be lost. */
  sendDroppable(message: NodeMessage): boolean;
  /** What the last hello said is not true any more: the next connection says it anew. */
  greetAgain(): void;
  close(): Promise<void>;
}

export interface HubLinkOptions {
  /** Asked for at each connect, so that a renewed certificate is used by the next one. */
  identity: () => Identity;
  log: Logger;
  hello: () => NodeMessage;
  onWelcome: (message: Extract<HubMessage, { type: "welcome" }>) => void;
  onMessage: (message: Exclude<HubMessage, { type: "welcome" }>) => void;
  onDown: () => void;
}

export function createHubLink(options: HubLinkOptions): HubLink {
  const { log } = options;
  const retry = createBackoff(RETRY_MS);
  const refusedRetry = createBackoff(REFUSED_RETRY_MS);
  let socket: WebSocket | null = null;
  let welcomed = false;
  let closed = false;
  let lastHeardMs = 0;
  let timer: NodeJS.Timeout | undefined;

  const connect = () => {
    if (closed) return;
    const { hubUrl, keyPem, certPem, caPem } = options.identity();
    const ws = new WebSocket(new URL("/v1/node", hubUrl.replace(/^http/, "ws")), {
      key: keyPem,
      cert: certPem,
      ca: caPem,
      minVersion: "TLSv1.3",
      maxPayload: WS_FRAME_BYTES_MAX,
      perMessageDeflate: false,
      handshakeTimeout: HANDSHAKE_MS_MAX,
      followRedirects: false,
    });
    socket = ws;
    welcomed = false;
    let refused = false;
    lastHeardMs = performance.now();
    ws.on("open", () => ws.send(JSON.stringify(options.hello())));
    ws.on("ping", () => {
      lastHeardMs = performance.now();
    });
    ws.on("message", (data, isBinary) => {
      lastHeardMs = performance.now();
      const message = isBinary ? null : parseHubMessage(String(data));
      if (!message) return ws.close(1008, "message not understood");
      if (message.type === "welcome") {
        welcomed = true;
        retry.reset();
        refusedRetry.reset();
        return options.onWelcome(message);
      }
      if (!welcomed) return ws.close(1008, "welcome expected first");
      options.onMessage(message);
    });
    ws.on("unexpected-response", (_request, response) => {
      refused = response.statusCode === 401 || response.statusCode === 403;
      log.warn({ status: response.statusCode }, "the hub refused this node's connection");
      ws.terminate();
    });
    // Every failure ends in `close`; the reason is logged here because `close` does not carry it.
    ws.on("error", (error) => log.warn({ reason: error.message }, "the connection to the hub failed"));
    ws.on("close", (code) => {
      if (socket !== ws) return;
      socket = null;
      if (welcomed) options.onDown();
      welcomed = false;
      if (closed) return;
      refused ||= code === closeCodes.revoked || code === closeCodes.protocolUnknown;
      const delayMs = (refused ? refusedRetry : retry).nextMs();
      log.info({ code, delayMs }, "disconnected from the hub; what is in force stays in force");
      timer = setTimeout(connect, delayMs);
    });
  };

  // The hub pings and so does our heartbeat get an answer at the TCP level; silence for this long means a dead path.
  const watch = setInterval(() => {
    if (socket && performance.now() - lastHeardMs > HEARTBEAT_TIMEOUT_MS) {
      log.warn("the hub fell silent; connecting anew");
      socket.terminate();
    }
  }, HEARTBEAT_INTERVAL_MS);
  watch.unref();
  connect();

  const send = (message: NodeMessage): boolean => {
    if (!socket || !welcomed || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    return true;
  };
  return {
    get connected() {
      return welcomed;
    },
    send,
    sendDroppable: (message) =>
      socket !== null && socket.bufferedAmount < DROPPABLE_BUFFERED_BYTES_MAX && send(message),
    // A hello that was not sent yet will hold what is true when it is.
    greetAgain() {
      if (socket?.readyState === WebSocket.OPEN) socket.close(1000, "to say hello anew");
    },
    async close() {
      closed = true;
      clearTimeout(timer);
      clearInterval(watch);
      const ws = socket;
      if (!ws) return;
      await new Promise<void>((resolve) => {
        const force = setTimeout(() => ws.terminate(), 1_000);
        ws.once("close", () => {
          clearTimeout(force);
          resolve();
        });
        ws.close(1001);
      });
    },
  };
}

function parseHubMessage(text: string): HubMessage | null {
  try {
    const parsed = hubMessageSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
