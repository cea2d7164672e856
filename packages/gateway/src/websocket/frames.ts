import { randomBytes } from "node:crypto";
import { CONTROL_BYTES_MAX, MASK_BYTES, OPCODE, readHead, writeHead } from "./frameHead.ts";
import { WebSocketViolation } from "./violation.ts";

/** Whole frames of a WebSocket client, and frames of ours. How their heads are read: `frameHead.ts`. */
export interface ClientFrame {
  final: boolean;
  opcode: number;
  /** Unmasked. */
  payload: Buffer;
}

/** Takes bytes as they arrive and gives whole frames. What is held never exceeds one frame and one chunk. */
export class FrameReader {
  private held = Buffer.alloc(0);
  private heldBytes = 0;
  private readonly payloadBytesMax: number;

  constructor({ payloadBytesMax }: { payloadBytesMax: number }) {
    this.payloadBytesMax = payloadBytesMax;
  }

  /** Memory, not only what is filled of it. */
  get bytes(): number {
    return this.held.length;
  }

  *push(chunk: Buffer): Generator<ClientFrame> {
    this.append(chunk);
    for (;;) {
      const bytes = this.held.subarray(0, this.heldBytes);
      const head = readHead(bytes, "client");
      if (head === null) return;
      if (head.payloadBytes > this.payloadBytesMax)
        throw new WebSocketViolation(1009, `a frame has more than ${this.payloadBytesMax} bytes`);
      if (bytes.length < head.headBytes + head.payloadBytes) return;
      const payload = Buffer.from(bytes.subarray(head.headBytes, head.headBytes + head.payloadBytes));
      mask(payload, bytes.subarray(head.headBytes - MASK_BYTES, head.headBytes));
      this.drop(head.headBytes + head.payloadBytes);
      yield { final: head.final, opcode: head.opcode, payload };
    }
  }

  /** Doubling, so that a message sent byte by byte costs its own size and not an object for each byte. */
  private append(chunk: Buffer): void {
    const needed = this.heldBytes + chunk.length;
    if (needed > this.held.length) {
      const grown = Buffer.alloc(Math.max(needed, this.held.length * 2));
      this.held.copy(grown, 0, 0, this.heldBytes);
      this.held = grown;
    }
    chunk.copy(this.held, this.heldBytes);
    this.heldBytes = needed;
  }

  private drop(bytes: number): void {
    this.held = this.held.subarray(bytes);
    this.heldBytes -= bytes;
    if (this.heldBytes === 0) this.held = Buffer.alloc(0);
  }
}

function mask(bytes: Buffer, key: Buffer): void {
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = (bytes[at] ?? 0) ^ (key[at & 3] ?? 0);
}

/** One whole message or control frame; `masked` as a client must send it (with a key that the sandbox cannot know), plain as a server. */
export function writeFrame(opcode: number, payload: Buffer, { masked }: { masked: boolean }): Buffer {
  const head = writeHead({ final: true, opcode, payloadBytes: payload.length, masked });
  if (!masked) return Buffer.concat([head, payload]);
  const key = randomBytes(MASK_BYTES);
  const body = Buffer.from(payload);
  mask(body, key);
  return Buffer.concat([head, key, body]);
}

const CLOSE_REASON_BYTES_MAX = CONTROL_BYTES_MAX - 2;

export function closeFrame(code: number, reason: string, { masked }: { masked: boolean }): Buffer {
  const body = Buffer.alloc(2);
  body.writeUInt16BE(code);
  let text = Buffer.from(reason, "utf8").subarray(0, CLOSE_REASON_BYTES_MAX);
  // Not in the middle of a character.
  while (text.length > 0 && !text.equals(Buffer.from(text.toString("utf8"), "utf8"))) text = text.subarray(0, -1);
  return writeFrame(OPCODE.close, Buffer.concat([body, text]), { masked });
}
