import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { FLOW_IDLE_TIMEOUT_MS, INTERIM_ANSWERS_MAX, UPSTREAM_HEAD_BYTES_MAX } from "../limits.ts";
import { answerFraming, connectionOptions, type Framing } from "./framing.ts";
import { type AnswerLines, readAnswerHead } from "./head.ts";
import { createHeadBytes } from "./headBytes.ts";
import { IncomingBody } from "./incomingBody.ts";
import { OutgoingMessage } from "./outgoingMessage.ts";

export interface ClientEvents {
  onAnswer(head: AnswerLines, body: IncomingBody): void;
  /** The server left HTTP; the socket is the receiver's, `rest` came behind the head. Null: it must not. */
  onUpgrade: ((head: AnswerLines, socket: Duplex, rest: Buffer) => void) | null;
  /** There will be no answer. `silent`: not a byte of one has come, on a connection that was used before. */
  onFailure(error: Error & { code?: string }, silent: boolean): void;
}

export interface ClientRequest {
  readonly message: OutgoingMessage;
  /** Ends the connection unless request and answer are over. */
  destroy(): void;
}

export interface ClientConnection {
  readonly socket: Socket;
  send(request: { method: string; head: string; framing: Framing }, events: ClientEvents): ClientRequest;
  destroy(error?: Error): void;
}

const NOTHING = Buffer.alloc(0);
/** How a connection ends that its server closed just when it was used again. */
const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);
const IN_USE = "the connection was closed";
const failure = (message: string, code?: string): Error & { code?: string } =>
  code === undefined ? new Error(message) : Object.assign(new Error(message), { code });

/**
 * The client's side of HTTP/1.1 on one connection: one request, its answer, then the next. Threat: a server whose answer is longer than
 * it says, so that its rest is taken for the answer to another request. Invariant: an answer is read by its own framing only; a byte that
 * comes when none is awaited ends the connection; `onFree` is called only when request and answer ended exactly where they said.
 */
export function openClientConnection(
  socket: Socket,
  /** `idleMsMax`: how long the server says it keeps it, where it does. */
  lifecycle: { onFree(keep: { idleMsMax: number | null }): void; onClosed(): void },
): ClientConnection {
  const heads = createHeadBytes({ bytesMax: UPSTREAM_HEAD_BYTES_MAX, of: "answer" });
  let request: Request | null = null;
  let body: IncomingBody | null = null;
  let used = false;
  let over = false;

  class Request implements ClientRequest {
    readonly method: string;
    readonly message: OutgoingMessage;
    readonly events: ClientEvents;
    readonly reused = used;
    answer: AnswerLines | null = null;
    heard = false;
    interim = 0;
    answered = false;
    constructor(method: string, message: OutgoingMessage, events: ClientEvents) {
      this.method = method;
      this.message = message;
      this.events = events;
    }
    destroy(): void {
      if (request === this) socket.destroy();
    }
  }

  socket.on("data", onData);
  socket.on("end", onEnd);
  socket.on("close", onClose);
  socket.on("error", onError);
  socket.on("timeout", onTimeout);

  function onData(chunk: Buffer): void {
    const current = request;
    if (current === null) return void socket.destroy();
    current.heard = true;
    let at = 0;
    while (at < chunk.length && !over && request === current) {
      if (body !== null) {
        const { taken, room } = body.feed(chunk, at);
        if (body.problem !== null) return fail(failure(body.problem));
        at += taken;
        if (body.complete) return finishIfOver(current, at < chunk.length);
        if (!room) socket.pause();
        continue;
      }
      const found = heads.feed(at === 0 ? chunk : chunk.subarray(at));
      if (found === null) return;
      if ("problem" in found) return fail(failure(found.problem));
      at = chunk.length - (found.rest?.length ?? 0);
      onHead(current, found.text, found.rest);
    }
  }

  function onHead(current: Request, text: string, rest: Buffer | null): void {
    const head = readAnswerHead(text);
    if ("problem" in head) return fail(failure(`the answer has ${head.problem}`));
    if (head.status === 101 && current.events.onUpgrade !== null) {
      over = true;
      request = null;
      detach();
      current.events.onUpgrade(head, socket, rest ?? NOTHING);
      return;
    }
    if (head.status < 200) {
      current.interim += 1;
      if (head.status === 101 || current.interim > INTERIM_ANSWERS_MAX)
        fail(failure("an answer that nobody asked for"));
      return;
    }
    const framing = answerFraming(head, current.method);
    if (framing.kind === "unclear") return fail(failure("an answer whose end is unclear"));
    const incoming = new IncomingBody(framing, () => {
      if (!socket.destroyed) socket.resume();
    });
    current.answer = head;
    current.answered = true;
    body = incoming;
    current.events.onAnswer(head, incoming);
    if (incoming.complete) finishIfOver(current, rest !== null);
  }

  /** The answer is whole. What still comes, comes unasked. */
  function finishIfOver(current: Request, more: boolean): void {
    body = null;
    if (over || request !== current) return;
    const { answer, message } = current;
    const keeps = answer !== null && answer.version === "1.1" && !connectionOptions(answer.headers).includes("close");
    if (more || !keeps || !message.sent) {
      // Whoever answers before it has the whole request takes nothing further; the rest must not follow.
      if (!message.sent) message.destroy();
      request = null;
      socket.destroy();
      return;
    }
    request = null;
    used = true;
    socket.resume();
    lifecycle.onFree({ idleMsMax: keptForMs(answer) });
  }

  function fail(error: Error & { code?: string }): void {
    const current = request;
    request = null;
    over = true;
    const silent = current?.reused === true && !current.heard && CLOSED.has(error.code ?? "");
    const broken = body;
    body = null;
    socket.destroy();
    current?.message.destroy();
    broken?.destroy();
    if (current !== null && !current.answered) current.events.onFailure(error, silent);
  }

  function onEnd(): void {
    if (body !== null && request !== null && answerEndsWithConnection(request)) {
      const ended = body;
      body = null;
      request.message.destroy();
      request = null;
      ended.finish();
      socket.destroy();
      return;
    }
    if (request === null) return void socket.destroy();
    fail(failure("socket hang up", "ECONNRESET"));
  }
  function onClose(): void {
    if (request !== null) fail(failure(IN_USE, "ECONNRESET"));
    over = true;
    lifecycle.onClosed();
  }
  function onError(error: Error & { code?: string }): void {
    fail(error);
  }
  function onTimeout(): void {
    if (request === null) return void socket.destroy();
    fail(failure("the upstream was idle for too long"));
  }
  function detach(): void {
    socket.pause();
    socket.off("data", onData);
    socket.off("end", onEnd);
    socket.off("close", onClose);
    socket.off("error", onError);
    socket.off("timeout", onTimeout);
    socket.on("error", () => {});
    socket.setTimeout(0);
    lifecycle.onClosed();
  }

  return {
    socket,
    send({ method, head, framing }, events) {
      socket.setTimeout(FLOW_IDLE_TIMEOUT_MS);
      const message = new OutgoingMessage({ head, framing, onSent: () => {} });
      const current = new Request(method, message, events);
      request = current;
      message.once("error", (error) => {
        if (request === current) fail(error);
      });
      message.once("close", () => {
        if (!message.sent && request === current) socket.destroy();
      });
      message.open(socket);
      return current;
    },
    destroy: (error) => void socket.destroy(error),
  };
}

const answerEndsWithConnection = ({ method, answer }: { method: string; answer: AnswerLines | null }): boolean =>
  answer !== null && answerFraming(answer, method).kind === "close";

const KEEP_ALIVE_TIMEOUT = /(?:^|[\s,;])timeout=(\d{1,6})(?:$|[\s,;])/i;

function keptForMs({ headers }: AnswerLines): number | null {
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "keep-alive") continue;
    const seconds = KEEP_ALIVE_TIMEOUT.exec(value)?.[1];
    if (seconds !== undefined) return Number(seconds) * 1000;
  }
  return null;
}
