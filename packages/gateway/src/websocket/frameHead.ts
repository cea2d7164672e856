import { WebSocketViolation } from "./violation.ts";

/**
 * The head of a frame (RFC 6455 5.2), of either side. Threat: a head that we read otherwise than the peer does, and with it every byte
 * that follows. Invariant: only what the RFC calls well-formed without extensions is read; the rest throws `WebSocketViolation`.
 */
export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const KNOWN: ReadonlySet<number> = new Set(Object.values(OPCODE));

export const isControl = (opcode: number): boolean => opcode >= OPCODE.close;

/** RFC 6455 5.5. */
export const CONTROL_BYTES_MAX = 125;
export const MASK_BYTES = 4;
const FINAL = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

export interface FrameHead {
  final: boolean;
  opcode: number;
  /** With the mask's key, which is its last four bytes. */
  headBytes: number;
  payloadBytes: number;
}

/** Null while the head is incomplete. */
export function readHead(bytes: Buffer, from: "client" | "server"): FrameHead | null {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return null;
  const opcode = first & 0x0f;
  const final = (first & FINAL) !== 0;
  const masked = (second & MASKED) !== 0;
  if ((first & RESERVED) !== 0) throw malformed("a reserved bit is set");
  if (!KNOWN.has(opcode)) throw malformed("an unknown opcode");
  if (masked !== (from === "client"))
    throw malformed(masked ? "a server's frame is masked" : "a client's frame is not masked");
  const short = second & 0x7f;
  if (isControl(opcode) && (!final || short > CONTROL_BYTES_MAX))
    throw malformed("a control frame is long or in parts");
  const lengthBytes = short === LENGTH_16 ? 2 : short === LENGTH_64 ? 8 : 0;
  const headBytes = 2 + lengthBytes + (masked ? MASK_BYTES : 0);
  if (bytes.length < headBytes) return null;
  const payloadBytes = lengthBytes === 0 ? short : lengthBytes === 2 ? bytes.readUInt16BE(2) : longLength(bytes);
  if (payloadBytes < (lengthBytes === 8 ? 65_536 : lengthBytes === 2 ? LENGTH_16 : 0))
    throw malformed("a length is not written in its shortest form");
  return { final, opcode, headBytes, payloadBytes };
}

function longLength(bytes: Buffer): number {
  const length = bytes.readBigUInt64BE(2);
  if (length >> 63n !== 0n) throw malformed("a length has its highest bit set");
  if (length > BigInt(Number.MAX_SAFE_INTEGER)) throw new WebSocketViolation(1009, "a frame is too long to be counted");
  return Number(length);
}

const malformed = (reason: string) => new WebSocketViolation(1002, reason);

/** Without the mask's key. */
export function writeHead(parts: { final: boolean; opcode: number; payloadBytes: number; masked: boolean }): Buffer {
  const { final, opcode, payloadBytes, masked } = parts;
  const lengthBytes = payloadBytes < LENGTH_16 ? 0 : payloadBytes < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (final ? FINAL : 0) | opcode;
  head[1] = (masked ? MASKED : 0) | (lengthBytes === 0 ? payloadBytes : lengthBytes === 2 ? LENGTH_16 : LENGTH_64);
  if (lengthBytes === 2) head.writeUInt16BE(payloadBytes, 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(payloadBytes), 2);
  return head;
}
