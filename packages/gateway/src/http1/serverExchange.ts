import type { Duplex } from "node:stream";
import type { RequestHead } from "../http/call.ts";
import type { Framing } from "./framing.ts";
import type { IncomingBody } from "./incomingBody.ts";
import { OutgoingMessage } from "./outgoingMessage.ts";

/** What an exchange asks of its connection. */
interface Queue {
  readonly socket: Duplex;
  /** The answer is out. */
  onAnswered(exchange: ServerExchange): void;
}

/** One request of a connection, whose turn has come when anybody but the connection sees it. */
export class ServerExchange {
  readonly head: RequestHead;
  /** As it was read. */
  readonly headBytes: number;
  readonly body: IncomingBody;
  /** Nothing follows its answer. */
  last: boolean;
  /** Called once: the answer is out, or the client gone. */
  onGone: (() => void) | null = null;
  /** The answer broke off, or would be another than its head says; the connection is to be cut. */
  onBroken: (() => void) | null = null;
  private readonly queue: Queue;
  private message: OutgoingMessage | null = null;
  private abandoned = false;

  constructor(queue: Queue, request: { head: RequestHead; headBytes: number; body: IncomingBody; last: boolean }) {
    this.queue = queue;
    this.head = request.head;
    this.headBytes = request.headBytes;
    this.body = request.body;
    this.last = request.last;
  }

  answer(head: string, framing: Framing): OutgoingMessage {
    const onSent = () => this.queue.onAnswered(this);
    const message = new OutgoingMessage({ head, framing, unsaid: framing.kind === "none", onSent });
    this.message = message;
    message.once("error", () => this.onBroken?.());
    message.once("close", () => {
      if (!message.sent && !this.abandoned) this.onBroken?.();
      this.gone();
    });
    if (this.abandoned) message.destroy();
    else message.open(this.queue.socket);
    return message;
  }

  /** What goes before the answer; never between its bytes. */
  interim(text: string): void {
    if (!this.abandoned && this.message === null) this.queue.socket.write(text, "latin1");
  }

  /** Whoever answered without reading the body wants none of it. */
  dropBody(): void {
    if (!this.body.readableEnded) this.body.resume();
  }

  /** Its client is gone. */
  abandon(): void {
    this.abandoned = true;
    if (!this.body.readableEnded) this.body.destroy();
    this.message?.destroy();
    this.gone();
  }

  private gone(): void {
    const { onGone } = this;
    this.onGone = null;
    onGone?.();
  }
}
