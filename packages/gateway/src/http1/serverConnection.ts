import type { Duplex } from "node:stream";
import type { RequestHead } from "../http/call.ts";
import { valuesOf } from "../http/headerPair.ts";
import {
  FLOW_IDLE_TIMEOUT_MS,
  HEADER_BYTES_MAX,
  KEEP_ALIVE_TIMEOUT_MS,
  REFUSAL_LINGER_MS,
  REQUEST_HEAD_TIMEOUT_MS,
  REQUESTS_PIPELINED_MAX,
} from "../limits.ts";
import { connectionOptions, type Framing, requestFraming } from "./framing.ts";
import { readRequestHead } from "./head.ts";
import { createHeadBytes } from "./headBytes.ts";
import { IncomingBody } from "./incomingBody.ts";
import { OutgoingMessage } from "./outgoingMessage.ts";

/** One request and the place of its answer among those of its connection. */
export interface ServerExchange {
  readonly head: RequestHead;
  readonly body: IncomingBody;
  /** Nothing follows its answer. */
  last: boolean;
  /** Its answer, which goes out when those before it have. */
  answer(head: string, framing: Framing): OutgoingMessage;
  /** What goes before the answer; never between the bytes of another's. */
  interim(text: string): void;
  /** Called once: the answer is out, or the client gone. */
  onGone: (() => void) | null;
  /** The answer broke off, or would be another than its head says; its connection is to be cut. */
  onBroken: (() => void) | null;
}

export interface ServerHandlers {
  onExchange(exchange: ServerExchange): void;
  /** HTTP ends here: with the head that asks for it and what came behind it. Nothing of ours listens on the socket any more. */
  onUpgrade(head: RequestHead, rest: Buffer): void;
  /** Likewise, for bytes that are no request. */
  onMalformed(problem: string): void;
  /** More than anybody may ask; the connection is to be cut once that is told. */
  onFlood(problem: string): void;
}

const NOTHING = Buffer.alloc(0);

/**
 * The server's side of HTTP/1.1 on one connection. Threat: a client that has two readers see two different sequences of requests, or that
 * fills our memory with requests it never reads the answers of. Invariant: requests are read one behind the other, each from where the
 * one before ended by its own framing; behind one whose end is unclear, behind the last, and behind an upgrade nothing is read; answers
 * go out in the order of their requests; and no more than a few wait.
 */
export function serveHttp1(socket: Duplex & Partial<Timed>, handlers: ServerHandlers): void {
  const heads = createHeadBytes({ bytesMax: HEADER_BYTES_MAX, of: "request" });
  const queue: Exchange[] = [];
  let body: IncomingBody | null = null;
  let over = false;
  let headTimer: NodeJS.Timeout | null = null;
  /** Nothing behind this request is read. */
  let stopped = false;

  class Exchange implements ServerExchange {
    readonly head: RequestHead;
    readonly body: IncomingBody;
    last: boolean;
    onGone: (() => void) | null = null;
    onBroken: (() => void) | null = null;
    message: OutgoingMessage | null = null;
    abandoned = false;
    private before = "";
    constructor(head: RequestHead, body: IncomingBody, last: boolean) {
      this.head = head;
      this.body = body;
      this.last = last;
    }
    answer(head: string, framing: Framing): OutgoingMessage {
      const message = new OutgoingMessage({ head, framing, onSent: () => next(this) });
      this.message = message;
      message.once("error", () => this.onBroken?.());
      message.once("close", () => {
        if (!message.sent && !this.abandoned) this.onBroken?.();
        this.gone();
      });
      if (this.abandoned) message.destroy();
      else if (queue[0] === this) message.open(socket);
      return message;
    }
    interim(text: string): void {
      if (this.abandoned || this.message !== null) return;
      if (queue[0] === this) socket.write(text, "latin1");
      else this.before = text;
    }
    turn(): void {
      if (this.before !== "" && this.message === null) socket.write(this.before, "latin1");
      this.message?.open(socket);
    }
    gone(): void {
      const { onGone } = this;
      this.onGone = null;
      onGone?.();
    }
  }

  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onClose);
  socket.on("error", onError);
  socket.on("timeout", onTimeout);
  socket.setTimeout?.(KEEP_ALIVE_TIMEOUT_MS);
  // What came before us may have stopped it.
  socket.resume();

  function onData(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !over && !stopped) {
      if (body !== null) {
        const { taken, room } = body.feed(chunk, at);
        if (body.problem !== null) return malformed(body.problem);
        at += taken;
        if (body.complete) body = null;
        else if (!room) socket.pause();
        continue;
      }
      const found = heads.feed(at === 0 ? chunk : chunk.subarray(at));
      if (found === null) return waitForHead();
      stopWaiting();
      if ("problem" in found) return malformed(found.problem);
      at = chunk.length - (found.rest?.length ?? 0);
      onHead(found.text, found.rest);
    }
  }

  function onHead(text: string, rest: Buffer | null): void {
    const lines = readRequestHead(text);
    if ("problem" in lines) return malformed(lines.problem);
    const head: RequestHead = { ...lines, pseudo: null, ended: false };
    const options = connectionOptions(lines.headers);
    const leaves = lines.method === "CONNECT" || (options.includes("upgrade") && asksUpgrade(head));
    if (leaves) {
      // Answers still to come would be written between the bytes of what follows.
      if (queue.length > 0) return flood("another protocol asked for before the answer");
      detach();
      return handlers.onUpgrade(head, rest ?? NOTHING);
    }
    if (queue.length >= REQUESTS_PIPELINED_MAX) return flood(`more than ${REQUESTS_PIPELINED_MAX} requests at once`);
    const framing = requestFraming(lines);
    const incoming = new IncomingBody(framing.kind === "unclear" ? { kind: "none" } : framing, () => {
      if (!over) socket.resume();
    });
    const last = lines.version === "1.0" || options.includes("close") || framing.kind === "unclear";
    stopped = last && incoming.complete;
    if (!incoming.complete) body = incoming;
    const exchange = new Exchange(head, incoming, last);
    if (queue.length === 0) socket.setTimeout?.(FLOW_IDLE_TIMEOUT_MS);
    queue.push(exchange);
    handlers.onExchange(exchange);
  }

  /** The first of those that wait has answered. */
  function next(exchange: Exchange): void {
    if (over || queue[0] !== exchange) return;
    if (exchange.last) return endAfter(exchange);
    queue.shift();
    // Whoever answered without reading the body wants none of it.
    if (!exchange.body.readableEnded) exchange.body.resume();
    const first = queue[0];
    if (first === undefined) socket.setTimeout?.(KEEP_ALIVE_TIMEOUT_MS);
    else first.turn();
  }

  /** Unread bytes would have the kernel reset the connection before the answer is read; so they are read, for a while. */
  function endAfter(exchange: Exchange): void {
    stopped = true;
    queue.shift();
    exchange.body.resume();
    abandon();
    socket.end();
    socket.resume();
    const lingering = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS).unref();
    socket.once("close", () => clearTimeout(lingering));
  }

  function waitForHead(): void {
    headTimer ??= setTimeout(() => malformed("a head that takes too long"), REQUEST_HEAD_TIMEOUT_MS);
  }
  function stopWaiting(): void {
    if (headTimer !== null) clearTimeout(headTimer);
    headTimer = null;
  }

  function malformed(problem: string): void {
    if (over) return;
    leave();
    detach();
    handlers.onMalformed(problem);
  }
  function flood(problem: string): void {
    if (over) return;
    leave();
    detach();
    handlers.onFlood(problem);
  }
  function detach(): void {
    stopWaiting();
    over = true;
    socket.pause();
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onClose);
    socket.off("error", onError);
    socket.off("timeout", onTimeout);
    socket.on("error", () => {});
    socket.setTimeout?.(0);
  }
  /** All that is under way has lost its client. */
  function leave(): void {
    over = true;
    stopWaiting();
    abandon();
  }
  function abandon(): void {
    for (const exchange of queue.splice(0)) {
      if (!exchange.body.readableEnded) exchange.body.destroy();
      exchange.abandoned = true;
      exchange.message?.destroy();
      exchange.gone();
    }
  }
  function onEnd(): void {
    leave();
    if (!socket.destroyed) socket.end();
  }
  function onClose(): void {
    leave();
  }
  function onError(): void {
    socket.destroy();
  }
  function onTimeout(): void {
    socket.destroy();
  }
}

const asksUpgrade = ({ headers }: RequestHead): boolean => valuesOf(headers, "upgrade").length > 0;

/** What a socket has and not every stream. */
interface Timed {
  setTimeout(ms: number): unknown;
}
