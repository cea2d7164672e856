import type { Duplex } from "node:stream";
import type { RequestHead } from "../http/call.ts";
import type { Framing } from "./framing.ts";
import type { IncomingBody } from "./incomingBody.ts";
import { OutgoingMessage } from "./outgoingMessage.ts";

/** What an exchange asks of its connection. */
interface Queue {
  readonly socket: Duplex;
  isFirst(exchange: ServerExchange): boolean;
  /** The first has answered. */
  onAnswered(exchange: ServerExchange): void;
}

/** One request, and the place of its answer among those of its connection. */
export class ServerExchange {
  readonly head: RequestHead;
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
  private before = "";

  constructor(queue: Queue, request: { head: RequestHead; body: IncomingBody; last: boolean }) {
    this.queue = queue;
    this.head = request.head;
    this.body = request.body;
    this.last = request.last;
  }

  /** Its answer, which goes out when those before it have. */
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
    else if (this.queue.isFirst(this)) message.open(this.queue.socket);
    return message;
  }

  /** What goes before the answer; never between the bytes of another's. */
  interim(text: string): void {
    if (this.abandoned || this.message !== null) return;
    if (this.queue.isFirst(this)) this.queue.socket.write(text, "latin1");
    else this.before = text;
  }

  /** It is the first now. */
  turn(): void {
    if (this.before !== "" && this.message === null) this.queue.socket.write(this.before, "latin1");
    this.message?.open(this.queue.socket);
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
