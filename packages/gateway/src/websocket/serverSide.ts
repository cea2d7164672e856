import { Transform } from "node:stream";

/**
 * The way from the server to the client: bytes as they are, with the frames' ends known, so that a close of ours never lands in the
 * middle of a frame of theirs, where the client would read it as data.
 */
export class ServerSide extends Transform {
  /** Bytes of the current frame still to come; 0 between frames. */
  private left = 0;
  private head = Buffer.alloc(0);
  private closing: Buffer | null = null;
  private over = false;

  /** Sends this close as soon as the current frame has ended, and nothing after it. */
  closeWith(frame: Buffer): void {
    if (this.over || this.closing !== null) return;
    this.closing = frame;
    if (this.atBoundary) this.finishNow();
  }

  private get atBoundary(): boolean {
    return this.left === 0 && this.head.length === 0;
  }

  private finishNow(): void {
    this.over = true;
    this.push(this.closing);
    this.push(null);
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    let rest = chunk;
    while (rest.length > 0 && !this.over) {
      rest = this.left > 0 ? this.passPayload(rest) : this.passHead(rest);
      if (this.closing !== null && !this.over && this.atBoundary) this.finishNow();
    }
    done();
  }

  override _flush(done: (error?: Error | null) => void): void {
    if (!this.over && this.head.length > 0) this.push(this.head);
    done();
  }

  private passPayload(bytes: Buffer): Buffer {
    const part = bytes.subarray(0, this.left);
    this.left -= part.length;
    this.push(part);
    return bytes.subarray(part.length);
  }

  private passHead(bytes: Buffer): Buffer {
    const before = this.head.length;
    const head = Buffer.concat([this.head, bytes.subarray(0, HEAD_BYTES_MAX - before)]);
    const read = readServerHead(head);
    if (read === null) {
      this.head = head;
      return bytes.subarray(HEAD_BYTES_MAX - before);
    }
    this.head = Buffer.alloc(0);
    this.left = read.payloadBytes;
    this.push(head.subarray(0, read.headBytes));
    return bytes.subarray(read.headBytes - before);
  }
}

/** Two bytes, a length of eight, and a mask that servers should not send. */
const HEAD_BYTES_MAX = 14;

function readServerHead(bytes: Buffer): { headBytes: number; payloadBytes: number } | null {
  const [, second] = bytes;
  if (second === undefined) return null;
  const short = second & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const headBytes = 2 + lengthBytes + ((second & 0x80) !== 0 ? 4 : 0);
  if (bytes.length < headBytes) return null;
  const long = lengthBytes === 2 ? bytes.readUInt16BE(2) : lengthBytes === 8 ? Number(bytes.readBigUInt64BE(2)) : short;
  return { headBytes, payloadBytes: long };
}
