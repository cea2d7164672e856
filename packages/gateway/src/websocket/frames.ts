import { randomBytes } from "node:crypto";
import { WebSocketViolation } from "./violation.ts";

/**
 * Frames of a WebSocket client (RFC 6455 5.2). Threat: a frame that we read otherwise than the server does, and with it every byte
 * that follows. Invariant: only what the RFC calls well-formed without extensions comes out; the rest throws `WebSocketViolation`.
 */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));

export interface ClientFrame {
  final: boolean;
  opcode: number;
  /** Unmasked. */
  payload: Buffer;
}

export const isControl = (opcode: number): boolean => opcode >= OPCODE.close;

const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const MASK_BYTES = 4;
const CONTROL_BYTES_MAX = 125;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

interface Head {
  final: boolean;
  opcode: number;
  headBytes: number;
  payloadBytes: number;
}

/** Null while the head is incomplete. */
function readHead(bytes: Buffer, payloadBytesMax: number): Head | null {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return null;
  const opcode = first & 0x0f;
  const final = (first & FINAL) !== 0;
  if ((first & RESERVED) !== 0) throw new WebSocketViolation(1002, "a reserved bit is set");
  if (!KNOWN.has(opcode)) throw new WebSocketViolation(1002, "an unknown opcode");
  if ((second & MASKED) === 0) throw new WebSocketViolation(1002, "a client's frame is not masked");
  const short = second & 0x7f;
  if (isControl(opcode) && (!final || short > CONTROL_BYTES_MAX))
    throw new WebSocketViolation(1002, "a control frame is long or in parts");
  const lengthBytes = short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0;
  if (bytes.length < 2 + lengthBytes) return null;
  const payloadBytes = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : longLength(bytes);
  if (payloadBytes < (lengthBytes === 8 ? 65_536 : lengthBytes === 2 ? LENGTH_16 : 0))
    throw new WebSocketViolation(1002, "a length is not written in its shortest form");
  if (payloadBytes > payloadBytesMax)
    throw new WebSocketViolation(1009, `a frame has more than ${payloadBytesMax} bytes`);
  return { final, opcode, headBytes: 2 + lengthBytes + MASK_BYTES, payloadBytes };
}

function longLength(bytes: Buffer): number {
  const length = bytes.readBigUInt64BE(2);
  if (length >> 63n !== 0n) throw new WebSocketViolation(1002, "a length has its highest bit set");
  return length > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(length);
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
      const head = readHead(bytes, this.payloadBytesMax);
      if (head === null || bytes.length < head.headBytes + head.payloadBytes) return;
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
  const { length } = payload;
  const lengthBytes = length < LENGTH_16 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = FINAL | opcode;
  head[1] = (masked ? MASKED : 0) | (lengthBytes === 0 ? length : lengthBytes === 2 ? LENGTH_16 : LENGTH_64);
  if (lengthBytes === 2) head.writeUInt16BE(length, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
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
