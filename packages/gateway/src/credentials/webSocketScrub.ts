import { Transform } from "node:stream";
import type { Scrubber } from "@creel/router/scrub";
import { CONTROL_BYTES_MAX, isControl, OPCODE, readHead, writeHead } from "../websocket/frameHead.ts";
import { WebSocketViolation } from "../websocket/violation.ts";
import { createScrubber, type LiveSecrets } from "./scrub.ts";

/**
 * A server's WebSocket frames without the secrets of the client. Threat: a server that echoes a credential in fragments, so that no
 * frame holds it whole. Invariant: the payloads of one message are searched as one text and framed anew, where frames are cut tells nothing
 * of the secret, and a message is whole at its end; what cannot be read as frames of RFC 6455 5.2 without extensions ends the connection.
 */
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
    if (isControl(current.opcode)) {
      control.push(chunk);
      if (!ends) return;
      const payload = createScrubber(secrets).take(Buffer.concat(control.splice(0)), true);
      push(framed(current.opcode, true, payload.subarray(0, CONTROL_BYTES_MAX)));
    }
    if (message === null || isControl(current.opcode)) return;
    const last = ends && current.fin;
    const payload = message.scrubber.take(chunk, last);
    if (payload.length > 0 || last) {
      push(framed(message.begun ? OPCODE.continuation : message.opcode, last, payload));
      message.begun = true;
    }
    if (last) message = null;
  }

  /** Null: its head is not whole yet. */
  function takeHead(): Frame | null {
    const head = readHead(held, "server");
    if (head === null) return null;
    const { opcode, final: fin, payloadBytes: left } = head;
    if (!isControl(opcode) && (opcode === OPCODE.continuation) !== (message !== null))
      throw new WebSocketViolation(1002, "parts of messages are mixed");
    held = held.subarray(head.headBytes);
    // What is no text may hold lengths of its own.
    if (opcode === OPCODE.text || opcode === OPCODE.binary)
      message = {
        opcode,
        begun: false,
        scrubber: createScrubber(secrets, { keepLength: opcode === OPCODE.binary }),
      };
    return { fin, opcode, left };
  }

  function take(push: (bytes: Buffer) => void): void {
    for (;;) {
      frame ??= takeHead();
      if (frame === null || (held.length === 0 && frame.left > 0)) return;
      const part = held.subarray(0, frame.left);
      held = held.subarray(part.length);
      takePayload(part, frame, push);
      if (frame.left === 0) frame = null;
    }
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      try {
        take((bytes) => this.push(bytes));
      } catch (error) {
        return done(error instanceof WebSocketViolation ? unreadable(error) : thrown(error));
      }
      done();
    },
    // A message that is cut off in its middle is none; what was held of it is not shown.
  });
}

const unreadable = ({ message }: WebSocketViolation) =>
  new Error(`The upstream's WebSocket frames cannot be read (${message}).`);
const thrown = (error: unknown) => (error instanceof Error ? error : new Error("The answer cannot be searched."));

const framed = (opcode: number, final: boolean, payload: Buffer): Buffer =>
  Buffer.concat([writeHead({ final, opcode, payloadBytes: payload.length, masked: false }), payload]);
