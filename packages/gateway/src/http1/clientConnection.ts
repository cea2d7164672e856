import type { Socket } from "node:net";
import { FLOW_IDLE_TIMEOUT_MS, INTERIM_ANSWERS_MAX, UPSTREAM_HEAD_BYTES_MAX } from "../limits.ts";
import { type ClientEvents, ClientRequest } from "./clientRequest.ts";
import { answerFraming, connectionOptions, type Framing } from "./framing.ts";
import { type AnswerLines, readAnswerHead } from "./head.ts";
import { createHeadBytes } from "./headBytes.ts";
import { IncomingBody } from "./incomingBody.ts";
import { OutgoingMessage } from "./outgoingMessage.ts";

export interface Lifecycle {
  /** Request and answer are over, and it may take the next. `idleMsMax`: how long the server says it keeps it, where it does. */
  onFree(keep: { idleMsMax: number | null }): void;
  /** It is of no further use; called once. */
  onClosed(): void;
}

const NOTHING = Buffer.alloc(0);
const SWITCHING = 101;
const FINAL_STATUS_MIN = 200;

/** Named as Node names it where a system call says it. */
const reset = (message: string): Error & { code: string } => Object.assign(new Error(message), { code: "ECONNRESET" });

/**
 * The client's side of HTTP/1.1 on one connection: one request, its answer, then the next. Threat: a server whose answer is longer than
 * it says, so that its rest is taken for the answer to another request. Invariant: an answer is read by its own framing only; a byte that
 * comes when none is awaited ends the connection; `onFree` is called only when request and answer ended exactly where they said.
 */
export class ClientConnection {
  readonly socket: Socket;
  private readonly lifecycle: Lifecycle;
  private readonly heads = createHeadBytes({ bytesMax: UPSTREAM_HEAD_BYTES_MAX, of: "answer" });
  private request: ClientRequest | null = null;
  /** Of the answer, while it is arriving. */
  private body: { bytes: IncomingBody; endsWithConnection: boolean } | null = null;
  private used = false;
  private closed = false;

  constructor(socket: Socket, lifecycle: Lifecycle) {
    this.socket = socket;
    this.lifecycle = lifecycle;
    socket.on("data", this.onData);
    socket.on("end", this.onEnd);
    socket.on("close", this.onClose);
    socket.on("error", this.fail);
    socket.on("timeout", this.onTimeout);
  }

  send(what: { method: string; head: string; framing: Framing }, events: ClientEvents): ClientRequest {
    this.socket.setTimeout(FLOW_IDLE_TIMEOUT_MS);
    const { method, head, framing } = what;
    const message = new OutgoingMessage({ head, framing, unsaid: false, onSent: () => {} });
    const cut = (which: ClientRequest) => {
      if (this.request === which) this.socket.destroy();
    };
    const request = new ClientRequest({ method, message, events, reused: this.used, cut });
    this.request = request;
    message.once("error", (error) => {
      if (this.request === request) this.fail(error);
    });
    message.once("close", () => {
      if (!message.sent) cut(request);
    });
    message.open(this.socket);
    return request;
  }

  destroy(): void {
    this.socket.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    const { request } = this;
    if (request === null) {
      this.destroy();
      return;
    }
    request.heard = true;
    let at = 0;
    while (at < chunk.length && this.request === request)
      at = this.body === null ? this.readHead(request, chunk, at) : this.readBody(request, chunk, at);
    // What still comes, comes unasked.
    if (at < chunk.length && !this.closed) this.destroy();
  };

  private readBody(request: ClientRequest, chunk: Buffer, at: number): number {
    if (this.body === null) return chunk.length;
    const { bytes } = this.body;
    const { taken, room } = bytes.feed(chunk, at);
    if (bytes.problem !== null) this.fail(new Error(bytes.problem));
    else if (bytes.complete) this.finish(request, at + taken < chunk.length);
    else if (!room) this.socket.pause();
    return at + Math.max(0, taken);
  }

  private readHead(request: ClientRequest, chunk: Buffer, at: number): number {
    const found = this.heads.feed(at === 0 ? chunk : chunk.subarray(at));
    if (found === null) return chunk.length;
    const head = "problem" in found ? found : readAnswerHead(found.text);
    if ("problem" in head || "problem" in found) {
      this.fail(new Error("problem" in head ? `the answer has ${head.problem}` : "the answer has no head"));
      return chunk.length;
    }
    const rest = found.rest ?? NOTHING;
    if (head.status < FINAL_STATUS_MIN) this.onInterim(request, head, rest);
    else this.onAnswer(request, head, rest);
    return chunk.length - rest.length;
  }

  private onInterim(request: ClientRequest, head: AnswerLines, rest: Buffer): void {
    const { onUpgrade } = request.events;
    if (head.status === SWITCHING && onUpgrade !== null) {
      this.detach();
      onUpgrade(head, this.socket, rest);
      return;
    }
    request.interims += 1;
    if (head.status === SWITCHING || request.interims > INTERIM_ANSWERS_MAX)
      this.fail(new Error("an answer that nobody asked for"));
  }

  private onAnswer(request: ClientRequest, head: AnswerLines, rest: Buffer): void {
    const framing = answerFraming(head, request.method);
    if (framing.kind === "unclear") {
      this.fail(new Error("an answer whose end is unclear"));
      return;
    }
    const bytes = new IncomingBody(framing, this.onWanted);
    request.answer = head;
    this.body = { bytes, endsWithConnection: framing.kind === "close" };
    request.events.onAnswer(head, bytes);
    if (bytes.complete) this.finish(request, rest.length > 0);
  }

  /** The answer is whole. */
  private finish(request: ClientRequest, more: boolean): void {
    this.body = null;
    if (this.request !== request) return;
    this.request = null;
    this.used = true;
    const { answer, message } = request;
    const keeps = answer?.version === "1.1" && !connectionOptions(answer.headers).includes("close");
    // Whoever answers before it has the whole request takes nothing further; the rest of it must not look like the next.
    if (!message.sent) message.destroy();
    if (more || !keeps || !message.sent || this.socket.destroyed) {
      this.destroy();
      return;
    }
    this.socket.resume();
    this.lifecycle.onFree({ idleMsMax: keptForMs(answer) });
  }

  private readonly fail = (error: Error & { code?: string }): void => {
    const { request, body } = this;
    this.request = null;
    this.body = null;
    this.destroy();
    body?.bytes.destroy();
    request?.fail(error);
  };

  private readonly onEnd = (): void => {
    const { request, body } = this;
    if (request === null) {
      this.destroy();
      return;
    }
    if (body?.endsWithConnection !== true) {
      this.fail(reset("the upstream hung up"));
      return;
    }
    body.bytes.finish();
    this.finish(request, true);
  };
  private readonly onClose = (): void => {
    if (this.request !== null) this.fail(reset("the connection was closed"));
    this.giveUp();
  };
  private readonly onTimeout = (): void => {
    if (this.request === null) this.destroy();
    else this.fail(new Error("the upstream was idle for too long"));
  };
  private readonly onWanted = (): void => {
    if (!this.closed) this.socket.resume();
  };

  /** The socket is another's from here on. */
  private detach(): void {
    const { socket } = this;
    this.request = null;
    socket.pause();
    socket.off("data", this.onData);
    socket.off("end", this.onEnd);
    socket.off("close", this.onClose);
    socket.off("error", this.fail);
    socket.off("timeout", this.onTimeout);
    socket.on("error", () => {});
    socket.setTimeout(0);
    this.giveUp();
  }

  private giveUp(): void {
    if (this.closed) return;
    this.closed = true;
    this.lifecycle.onClosed();
  }
}

const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,;])timeout=(\d{1,6})(?:$|[\s,;])/i;

function keptForMs({ headers }: AnswerLines): number | null {
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "keep-alive") continue;
    const seconds = KEEP_ALIVE_TIMEOUT.exec(value)?.[1];
    if (seconds !== undefined) return Number(seconds) * 1000;
  }
  return null;
}
