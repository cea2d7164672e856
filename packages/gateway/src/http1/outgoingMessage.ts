import type { Duplex } from "node:stream";
import { Writable } from "node:stream";
import type { Framing } from "./framing.ts";

/** Up to this a piece is copied behind its head or size, which costs less than a second write. */
const COPIED_BYTES_MAX = 16 * 1024;

/**
 * One message on its way out: the head it was made with and a body in that head's framing. It holds what it is given until its turn on
 * the connection comes. Invariant: never more or less goes out than the head says; a message that would is broken, with its connection.
 */
export class OutgoingMessage extends Writable {
  private socket: Duplex | null = null;
  private head: string | null;
  private waiting: (() => void) | null = null;
  private flushAsked = false;
  private left: number;
  private readonly chunked: boolean;
  private readonly unsaid: boolean;
  private readonly onSent: () => void;
  /** Everything has been handed to the connection. */
  sent = false;

  /** `unsaid`: the head describes a body that is not sent (RFC 9110 9.3.2); what is written of it is dropped. */
  constructor(options: { head: string; framing: Framing; unsaid: boolean; onSent: () => void }) {
    super({ decodeStrings: true });
    const { head, framing, unsaid, onSent } = options;
    this.unsaid = unsaid;
    this.head = head;
    this.chunked = framing.kind === "chunked";
    this.left = framing.kind === "length" ? framing.bytes : framing.kind === "none" ? 0 : Number.POSITIVE_INFINITY;
    this.onSent = onSent;
  }

  /** Its turn: from now on it writes. */
  open(socket: Duplex): void {
    this.socket = socket;
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null) waiting();
    else if (this.flushAsked) this.flushHead();
  }

  /** The head goes out although no byte of the body is here. */
  flushHead(): void {
    if (this.socket === null) this.flushAsked = true;
    else if (this.head !== null && !this.destroyed) this.socket.write(this.takeHead(), "latin1");
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const { socket } = this;
    if (this.unsaid) {
      done();
      return;
    }
    if (socket === null) {
      this.waiting = () => this._write(chunk, _encoding, done);
      return;
    }
    this.left -= chunk.length;
    if (this.left < 0) done(new Error("the body is longer than its head says"));
    else if (this.writeOut(socket, chunk)) done();
    else socket.once("drain", () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    const { socket } = this;
    if (socket === null) {
      this.waiting = () => this._final(done);
      return;
    }
    if (Number.isFinite(this.left) && this.left > 0) {
      done(new Error("the body is shorter than its head says"));
      return;
    }
    const end = this.takeHead() + (this.chunked ? "0\r\n\r\n" : "");
    if (end !== "") socket.write(end, "latin1");
    this.sent = true;
    done();
    this.onSent();
  }

  private takeHead(): string {
    const head = this.head ?? "";
    this.head = null;
    return head;
  }

  private writeOut(socket: Duplex, chunk: Buffer): boolean {
    if (chunk.length === 0) return true;
    const before = this.takeHead() + (this.chunked ? `${chunk.length.toString(16)}\r\n` : "");
    const after = this.chunked ? "\r\n" : "";
    if (before === "") return socket.write(chunk);
    if (chunk.length <= COPIED_BYTES_MAX) {
      const bytes = Buffer.allocUnsafe(before.length + chunk.length + after.length);
      bytes.write(before, 0, "latin1");
      bytes.set(chunk, before.length);
      bytes.write(after, before.length + chunk.length, "latin1");
      return socket.write(bytes);
    }
    socket.cork();
    socket.write(before, "latin1");
    const more = socket.write(chunk);
    const room = after === "" ? more : socket.write(after, "latin1");
    socket.uncork();
    return room;
  }
}
