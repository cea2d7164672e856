import type { Duplex } from "node:stream";
import type { AnswerLines } from "./head.ts";
import type { IncomingBody } from "./incomingBody.ts";
import type { OutgoingMessage } from "./outgoingMessage.ts";

export interface ClientEvents {
  onAnswer(head: AnswerLines, body: IncomingBody): void;
  /** The server left HTTP; the socket is the receiver's, `rest` came behind the head. Null: it must not. */
  onUpgrade: ((head: AnswerLines, socket: Duplex, rest: Buffer) => void) | null;
  /** There will be no answer. `silent`: a connection that was used before was closed, and not a byte of an answer has come. */
  onFailure(error: Error & { code?: string }, silent: boolean): void;
}

/** How a connection ends that its server closed just when it was used again. */
const CLOSED: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** One request on its connection, and what is known of its answer. */
export class ClientRequest {
  readonly method: string;
  readonly message: OutgoingMessage;
  readonly events: ClientEvents;
  /** The answer's head, once it is here. */
  answer: AnswerLines | null = null;
  /** Any byte of an answer has come. */
  heard = false;
  /** Answers before the answer. */
  interims = 0;
  private readonly reused: boolean;
  private readonly cut: (request: ClientRequest) => void;

  constructor(options: {
    method: string;
    message: OutgoingMessage;
    events: ClientEvents;
    reused: boolean;
    cut: (request: ClientRequest) => void;
  }) {
    this.method = options.method;
    this.message = options.message;
    this.events = options.events;
    this.reused = options.reused;
    this.cut = options.cut;
  }

  /** Ends the connection unless request and answer are over. */
  destroy(): void {
    this.cut(this);
  }

  fail(error: Error & { code?: string }): void {
    this.message.destroy();
    if (this.answer !== null) return;
    this.events.onFailure(error, this.reused && !this.heard && CLOSED.has(error.code ?? ""));
  }
}
