import { Transform } from "node:stream";
import type { ControlFrames } from "./controlFrames.ts";
import { type FrameHead, isControl, readHead } from "./frameHead.ts";
import { writeFrame } from "./frames.ts";
import { WebSocketViolation } from "./violation.ts";

/**
 * The way from the server to the client: bytes as they are, with the frames' ends known, so that a close of ours never lands in the
 * middle of a frame of theirs, where the client would read it as data. What cannot be read as frames of RFC 6455 5.2 without extensions
 * ends the connection. Control frames pass whole, because pongs answer the client's own words (`ControlFrames`).
 */
export class ServerSide extends Transform {
  /** Of the current frame; null between frames. */
  private frame: { left: number; control: { opcode: number; parts: Buffer[] } | null } | null = null;
  private head = Buffer.alloc(0);
  private closing: Buffer | null = null;
  private over = false;
  private readonly control: ControlFrames;

  constructor(control: ControlFrames) {
    super();
    this.control = control;
  }

  /** Sends this close as soon as the current frame has ended, and nothing after it. */
  closeWith(frame: Buffer): void {
    if (this.over || this.closing !== null) return;
    this.closing = frame;
    if (this.atBoundary) this.finishNow();
  }

  private get atBoundary(): boolean {
    return this.frame === null && this.head.length === 0;
  }

  private finishNow(): void {
    this.over = true;
    this.push(this.closing);
    this.push(null);
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    try {
      let rest = chunk;
      while (rest.length > 0 && !this.over) {
        rest = this.frame === null ? this.passHead(rest) : this.passPayload(rest);
        if (this.closing !== null && !this.over && this.atBoundary) this.finishNow();
      }
      done();
    } catch (error) {
      const reason = error instanceof WebSocketViolation ? error.message : "unknown";
      done(new Error(`The upstream's WebSocket frames cannot be read (${reason}).`));
    }
  }

  override _flush(done: (error?: Error | null) => void): void {
    if (!this.over && this.head.length > 0) this.push(this.head);
    done();
  }

  private passPayload(bytes: Buffer): Buffer {
    const { frame } = this;
    if (frame === null) return bytes;
    const part = bytes.subarray(0, frame.left);
    frame.left -= part.length;
    if (frame.control === null) this.push(part);
    else frame.control.parts.push(part);
    if (frame.left === 0) this.endFrame();
    return bytes.subarray(part.length);
  }

  private passHead(bytes: Buffer): Buffer {
    const before = this.head.length;
    const taken = Buffer.concat([this.head, bytes.subarray(0, HEAD_BYTES_MAX - before)]);
    const read = readHead(taken, "server");
    if (read === null) {
      this.head = taken;
      return bytes.subarray(HEAD_BYTES_MAX - before);
    }
    this.head = Buffer.alloc(0);
    this.beginFrame(read);
    if (!isControl(read.opcode)) this.push(taken.subarray(0, read.headBytes));
    if (read.payloadBytes === 0) this.endFrame();
    return bytes.subarray(read.headBytes - before);
  }

  private beginFrame({ opcode, payloadBytes }: FrameHead): void {
    this.frame = { left: payloadBytes, control: isControl(opcode) ? { opcode, parts: [] } : null };
  }

  private endFrame(): void {
    const control = this.frame?.control ?? null;
    this.frame = null;
    if (control === null) return;
    const payload = this.control.fromServer(control.opcode, Buffer.concat(control.parts));
    this.push(writeFrame(control.opcode, payload, { masked: false }));
  }
}

/** Two bytes and a length of eight; a server masks nothing. */
const HEAD_BYTES_MAX = 10;
