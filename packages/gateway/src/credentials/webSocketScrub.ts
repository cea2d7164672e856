import { Transform } from "node:stream";
import type { Scrubber } from "@creel/router/scrub";
import { createScrubber, type LiveSecrets } from "./scrub.ts";

/**
 * A server's WebSocket frames without the secrets of the client. Threat: a server that echoes a credential in fragments, so that no
 * frame holds it whole. Invariant: the payloads of one message are searched as one text and framed anew, where frames are cut tells nothing
 * of the secret, and a message is whole at its end; what cannot be read as frames
 * of RFC 6455 5.2 without extensions ends the connection.
 */
const FIN = 0x80;
const RESERVED = 0x70;
const MASKED = 0x80;
const CONTINUATION = 0;
const CONTROL_MIN = 8;
const CONTROL_BYTES_MAX = 125;

interface Frame {
  fin: boolean;
  opcode: number;
  /** Payload bytes that are still to come. */
  left: number;
}

export function scrubFrames(secrets: LiveSecrets): Transform {
  let held: Buffer = Buffer.alloc(0);
  let frame: Frame | null = null;
  /** Of the message under way. */
  let message: { opcode: number; begun: boolean; scrubber: Scrubber } | null = null;
  const control: Buffer[] = [];

  function takePayload(chunk: Buffer, current: Frame, push: (bytes: Buffer) => void): void {
    current.left -= chunk.length;
    const ends = current.left === 0;
    if (current.opcode >= CONTROL_MIN) {
      control.push(chunk);
      if (!ends) return;
      const payload = createScrubber(secrets).take(Buffer.concat(control.splice(0)), true);
      push(framed(current.opcode, true, payload.subarray(0, CONTROL_BYTES_MAX)));
    }
    if (message === null || current.opcode >= CONTROL_MIN) return;
    const last = ends && current.fin;
    const payload = message.scrubber.take(chunk, last);
    if (payload.length > 0 || last) {
      push(framed(message.begun ? CONTINUATION : message.opcode, last, payload));
      message.begun = true;
    }
    if (last) message = null;
  }

  /** Null: what the frame says is wrong. Undefined: its head is not whole yet. */
  function takeHead(): Frame | null | undefined {
    const [first, second] = held;
    if (first === undefined || second === undefined) return undefined;
    const opcode = first & 0x0f;
    const fin = (first & FIN) !== 0;
    const short = second & 0x7f;
    const headBytes = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if ((first & RESERVED) !== 0 || (second & MASKED) !== 0) return null;
    if (held.length < headBytes) return undefined;
    const left = short === 126 ? held.readUInt16BE(2) : short === 127 ? Number(held.readBigUInt64BE(2)) : short;
    if (!Number.isSafeInteger(left)) return null;
    if (opcode >= CONTROL_MIN ? !fin || left > CONTROL_BYTES_MAX : (opcode === CONTINUATION) !== (message !== null))
      return null;
    if (opcode > 2 && opcode < CONTROL_MIN) return null;
    held = held.subarray(headBytes);
    // What is no text may hold lengths of its own.
    if (opcode === 1 || opcode === 2)
      message = { opcode, begun: false, scrubber: createScrubber(secrets, { keepLength: opcode === 2 }) };
    return { fin, opcode, left };
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      for (;;) {
        if (frame === null) {
          const next = takeHead();
          if (next === null) return done(new Error("The upstream's WebSocket frames cannot be read."));
          if (next === undefined) return done();
          frame = next;
        }
        if (held.length === 0 && frame.left > 0) return done();
        const part = held.subarray(0, frame.left);
        held = held.subarray(part.length);
        takePayload(part, frame, (bytes) => this.push(bytes));
        if (frame.left === 0) frame = null;
      }
    },
    // A message that is cut off in its middle is none; what was held of it is not shown.
  });
}

function framed(opcode: number, fin: boolean, payload: Buffer): Buffer {
  const { length } = payload;
  const extended = length < 126 ? 0 : length < 0x10000 ? 2 : 8;
  const head = Buffer.alloc(2 + extended);
  head[0] = (fin ? FIN : 0) | opcode;
  head[1] = extended === 0 ? length : extended === 2 ? 126 : 127;
  if (extended === 2) head.writeUInt16BE(length, 2);
  if (extended === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
