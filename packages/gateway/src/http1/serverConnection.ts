import type { Duplex } from "node:stream";
import type { RequestHead } from "../http/call.ts";
import { valuesOf } from "../http/headerPair.ts";
import {
  FLOW_IDLE_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  KEEP_ALIVE_TIMEOUT_MS,
  REFUSAL_LINGER_MS,
  REQUEST_HEAD_TIMEOUT_MS,
  REQUESTS_PIPELINED_BYTES_MAX,
  REQUESTS_PIPELINED_MAX,
} from "../limits.ts";
import { connectionOptions, requestFraming } from "./framing.ts";
import { type RequestLines, readRequestHead } from "./head.ts";
import { createHeadBytes } from "./headBytes.ts";
import { IncomingBody } from "./incomingBody.ts";
import { ServerExchange } from "./serverExchange.ts";

export interface ServerHandlers {
  /** Called when it is the first of its connection: those before it are answered, and their answers are not held up. */
  onExchange(exchange: ServerExchange): void;
  /** HTTP ends here: with the head that asks for it and what came behind it. Nothing of ours listens on the socket any more. */
  onUpgrade(head: RequestHead, rest: Buffer): void;
  /** Likewise, for bytes that are no request. */
  onMalformed(problem: string): void;
  /** More than anybody may ask; the connection is to be cut once that is told. */
  onFlood(problem: string): void;
}

/** `setTimeout`: what a socket has and not every stream. */
export type Connection = Duplex & { setTimeout?(ms: number): unknown };

const NOTHING = Buffer.alloc(0);

/**
 * The server's side of HTTP/1.1 on one connection. Threat: a client that has two readers see two different sequences of requests, or that
 * fills our memory with requests it never reads the answers of, or that has one connection stand for many towards servers. Invariant:
 * requests are read one behind the other, each from where the one before ended by its own framing; behind one whose end is unclear, behind
 * the last, and behind an upgrade nothing is read; one at a time is judged, sent on and answered; and no more than a few wait.
 */
export class ServerConnection {
  readonly socket: Connection;
  private readonly handlers: ServerHandlers;
  private readonly heads = createHeadBytes({ bytesMax: HEADER_BYTES_MAX, of: "request" });
  private readonly waiting: ServerExchange[] = [];
  /** Of the heads that wait. */
  private waitingBytes = 0;
  /** The first that waits, once somebody answers it. */
  private current: ServerExchange | null = null;
  /** Of the last request, while it is arriving. */
  private body: IncomingBody | null = null;
  /** Nothing behind this request is read. */
  private stopped = false;
  /** The client is gone, or is another's to speak to. */
  private over = false;
  private headTimer: NodeJS.Timeout | null = null;

  constructor(socket: Connection, handlers: ServerHandlers) {
    this.socket = socket;
    this.handlers = handlers;
    socket.on("data", this.onData);
    socket.on("end", this.onEnd);
    socket.on("close", this.onClose);
    socket.on("error", this.onError);
    socket.on("timeout", this.onTimeout);
    socket.on("drain", this.handOut);
    socket.setTimeout?.(KEEP_ALIVE_TIMEOUT_MS);
    // What came before us may have stopped it.
    socket.resume();
  }

  onAnswered(exchange: ServerExchange): void {
    if (this.over || this.current !== exchange) return;
    this.waiting.shift();
    this.waitingBytes -= exchange.headBytes;
    this.current = null;
    exchange.dropBody();
    if (exchange.last) this.endSoon();
    else if (this.waiting[0] === undefined) this.socket.setTimeout?.(KEEP_ALIVE_TIMEOUT_MS);
    else this.handOut();
  }

  /** Not while the client leaves the answers unread: short ones would heap up without end. */
  private readonly handOut = (): void => {
    const { socket, waiting } = this;
    const [first] = waiting;
    if (first === undefined || this.current !== null || this.over || socket.destroyed || socket.writableNeedDrain)
      return;
    this.current = first;
    this.handlers.onExchange(first);
  };

  private readonly onData = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length && !this.over && !this.stopped && !this.socket.destroyed)
      at = this.body === null ? this.readHead(chunk, at) : this.readBody(this.body, chunk, at);
  };

  private readBody(body: IncomingBody, chunk: Buffer, at: number): number {
    const { taken, room } = body.feed(chunk, at);
    if (body.problem !== null) this.leave(() => this.handlers.onMalformed(body.problem ?? ""));
    else if (body.complete) {
      this.body = null;
      // It may have been the last one's.
      this.stopped = this.waiting[this.waiting.length - 1]?.last === true;
    } else if (!room) this.socket.pause();
    return at + taken;
  }

  private readHead(chunk: Buffer, at: number): number {
    const found = this.heads.feed(at === 0 ? chunk : chunk.subarray(at));
    if (found === null) {
      this.headTimer ??= setTimeout(() => this.malformed("a head that takes too long"), REQUEST_HEAD_TIMEOUT_MS);
      return chunk.length;
    }
    this.stopHeadTimer();
    if ("problem" in found) {
      this.malformed(found.problem);
      return chunk.length;
    }
    const lines = readRequestHead(found.text);
    if ("problem" in lines) this.malformed(lines.problem);
    else this.onHead(lines, { bytes: found.text.length, rest: found.rest ?? NOTHING });
    return chunk.length - (found.rest?.length ?? 0);
  }

  private onHead(lines: RequestLines, { bytes, rest }: { bytes: number; rest: Buffer }): void {
    const head: RequestHead = { ...lines, pseudo: null, ended: false };
    const options = connectionOptions(lines.headers);
    if (lines.method === "CONNECT" || (options.includes("upgrade") && asksUpgrade(lines))) {
      this.upgrade(head, rest);
      return;
    }
    if (this.waiting.length >= REQUESTS_PIPELINED_MAX) {
      this.flood(`more than ${REQUESTS_PIPELINED_MAX} requests at once`);
      return;
    }
    if (this.waiting.length > 0 && this.waitingBytes + bytes > REQUESTS_PIPELINED_BYTES_MAX) {
      this.flood(`requests of more than ${REQUESTS_PIPELINED_BYTES_MAX} bytes at once`);
      return;
    }
    const framing = requestFraming(lines);
    // One whose end is unclear is refused by the check of requests; here it is the last, and has no body.
    const unclear = framing.kind === "unclear";
    const body = new IncomingBody(unclear ? { kind: "none" } : framing, this.onWanted);
    const last = unclear || lines.version === "1.0" || options.includes("close");
    if (!body.complete) this.body = body;
    this.stopped = last && body.complete;
    const exchange = new ServerExchange(this, { head, headBytes: bytes, body, last });
    if (this.waiting.length === 0) this.socket.setTimeout?.(FLOW_IDLE_TIMEOUT_MS);
    this.waiting.push(exchange);
    this.waitingBytes += bytes;
    this.handOut();
  }

  private upgrade(head: RequestHead, rest: Buffer): void {
    // Answers still to come would be written between the bytes of what follows.
    if (this.waiting.length > 0) {
      this.flood("another protocol asked for before the answer");
      return;
    }
    this.leave(() => this.handlers.onUpgrade(head, rest));
  }
  private malformed(problem: string): void {
    this.leave(() => this.handlers.onMalformed(problem));
  }
  private flood(problem: string): void {
    this.leave(() => this.handlers.onFlood(problem));
  }

  /**
   * Unread bytes would have the kernel reset the connection before the answer is read; so they are read, for a while. The while begins
   * when the answer has left us: a slow client has as long for it as any flow.
   */
  private endSoon(): void {
    const { socket } = this;
    this.stopped = true;
    this.abandonAll();
    socket.end(() => {
      const lingering = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS).unref();
      socket.once("close", () => clearTimeout(lingering));
    });
    socket.resume();
  }

  private readonly onWanted = (): void => {
    if (!this.over) this.socket.resume();
  };

  /** The socket is another's from here on. */
  private leave(then: () => void): void {
    if (this.over) return;
    const { socket } = this;
    this.abandonAll();
    this.over = true;
    this.stopHeadTimer();
    socket.pause();
    socket.off("data", this.onData);
    socket.off("end", this.onEnd);
    socket.off("close", this.onClose);
    socket.off("error", this.onError);
    socket.off("timeout", this.onTimeout);
    socket.off("drain", this.handOut);
    socket.on("error", () => {});
    socket.setTimeout?.(0);
    then();
  }

  private abandonAll(): void {
    this.current = null;
    this.waitingBytes = 0;
    for (const exchange of this.waiting.splice(0)) exchange.abandon();
  }
  private stopHeadTimer(): void {
    if (this.headTimer !== null) clearTimeout(this.headTimer);
    this.headTimer = null;
  }
  private readonly onEnd = (): void => {
    this.onClose();
    if (!this.socket.destroyed) this.socket.end();
  };
  private readonly onClose = (): void => {
    this.over = true;
    this.stopHeadTimer();
    this.abandonAll();
  };
  private readonly onError = (): void => {
    this.socket.destroy();
  };
  private readonly onTimeout = (): void => {
    this.socket.destroy();
  };
}

const asksUpgrade = ({ headers }: RequestLines): boolean => valuesOf(headers, "upgrade").length > 0;
