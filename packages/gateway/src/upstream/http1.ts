import { isIP } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { type HeaderPair, valuesOf } from "../http/headerPair.ts";
import type { ClientConnection } from "../http1/clientConnection.ts";
import type { ClientEvents, ClientRequest } from "../http1/clientRequest.ts";
import type { Framing } from "../http1/framing.ts";
import type { AnswerLines } from "../http1/head.ts";
import { writeHead } from "../http1/writeHead.ts";
import type { Context, Flow } from "../state.ts";
import { adopt } from "./http1Pool.ts";
import type { Target } from "./resolve.ts";
import { NO_TURN, type UpstreamCall, type UpstreamEvents } from "./upstreamCall.ts";

/** One judged request on its way to the addresses that were judged. */
export interface Sending {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  target: Target;
  /** Everything but the place: credentials in place, framing included. */
  headers: readonly HeaderPair[];
}

/** Where the request goes, as Host and :authority say it. */
export function authorityOf({ host, port, secure }: { host: string; port: number; secure: boolean }): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}

/** RFC 9110 9.2.1. What is merely idempotent may still be seen twice, so a second DELETE answers 404 to a first that had its way. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** `socket`: a connection that was dialled for this request already. */
export interface HowToSend {
  reuse: boolean;
  socket?: TLSSocket;
}

export function sendHttp1(
  sending: Sending,
  how: HowToSend,
  events: UpstreamEvents & { wanted(): boolean; opened(call: UpstreamCall): void },
): void {
  openHttp1(sending, how, {
    wanted: () => events.wanted(),
    opened: (request) => events.opened({ body: request.message, destroy: () => request.destroy() }),
    noTurn: () => events.onFailure({ message: NO_TURN, untouched: false, code: null }),
    onUpgrade: null,
    onAnswer: ({ status, reason, headers }, body) =>
      events.onAnswer({
        status,
        reason,
        headers,
        body,
        whole: () => body.complete,
        ended: false,
        trailers: () => body.trailers,
      }),
    // `silent`: a kept connection that the upstream closed at that moment.
    onFailure: (error, silent) =>
      events.onFailure({ message: error.code ?? error.message, untouched: silent, code: null }),
  });
}

export interface UpgradeEvents {
  onUpgrade(head: AnswerLines, socket: Duplex, rest: Buffer): void;
  /** Answered, and not by leaving HTTP. */
  onAnswer(status: number): void;
  onFailure(): void;
}

/** A request to leave HTTP; it has a connection of its own. `destroy` ends it at any time before it has left. */
export function sendUpgrade(sending: Sending, events: UpgradeEvents): { destroy(): void } {
  let sent: ClientRequest | null = null;
  let over = false;
  const turn = openHttp1(
    sending,
    { reuse: false },
    {
      wanted: () => !over,
      opened(opened) {
        sent = opened;
        if (over) opened.destroy();
        else opened.message.end();
      },
      noTurn: () => events.onFailure(),
      onUpgrade: (head, socket, rest) => events.onUpgrade(head, socket, rest),
      onAnswer: ({ status }, body) => {
        body.resume();
        events.onAnswer(status);
      },
      onFailure: () => events.onFailure(),
    },
  );
  return {
    destroy() {
      over = true;
      turn.giveUp();
      sent?.destroy();
    },
  };
}

interface OpenEvents extends ClientEvents {
  /** False when it was cut while it waited; then nothing is dialled. */
  wanted(): boolean;
  opened(request: ClientRequest): void;
  noTurn(): void;
}

function openHttp1(sending: Sending, how: HowToSend, events: OpenEvents): { giveUp(): void } {
  const { context, flow, request, target } = sending;
  // What may not be done twice does not take a connection that may just be closing, because nobody could tell whether it was done.
  const reuse = how.reuse && how.socket === undefined && request.body === "none" && SAFE_METHODS.has(request.method);
  const headers: HeaderPair[] = [["Host", authorityOf(flow)], ...sending.headers];
  const framing = framingOf(sending);
  if (framing.kind === "chunked") headers.push(["Transfer-Encoding", "chunked"]);
  if (!reuse && events.onUpgrade === null) headers.push(["Connection", "close"]);
  // Trailers of a request are not passed on to HTTP/1: servers merge them into the head that was judged without them.
  const head = writeHead(`${request.method} ${request.target} HTTP/1.1`, headers);
  const opened = (connection: ClientConnection) =>
    events.opened(connection.send({ method: request.method, head, framing }, events));
  if (how.socket !== undefined) {
    opened(adopt(how.socket));
    return { giveUp: () => {} };
  }
  const dial = { secure: flow.secure, host: flow.host, target, trust: context.trust, reuse };
  return flow.state.pools.http1.open(dial, { opened, wanted: events.wanted, noTurn: events.noTurn });
}

function framingOf({ headers, request }: Sending): Framing {
  const [length] = valuesOf(headers, "content-length");
  if (length !== undefined) return { kind: "length", bytes: Number(length) };
  return { kind: request.body === "chunked" ? "chunked" : "none" };
}
