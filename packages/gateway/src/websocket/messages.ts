import { WEBSOCKET_FRAGMENTS_MAX } from "../limits.ts";
import { isControl, OPCODE } from "./frameHead.ts";
import type { ClientFrame } from "./frames.ts";
import { WebSocketViolation } from "./violation.ts";

/** What an object for a part costs, however few bytes it has. */
const PART_OVERHEAD_BYTES = 256;

export type ClientMessage =
  | { kind: "text"; text: string }
  | { kind: "binary"; payload: Buffer }
  /** Ping and pong, which may stand between the parts of a message. */
  | { kind: "control"; opcode: number; payload: Buffer }
  | { kind: "close"; payload: Buffer };

/**
 * From frames to whole messages. Threat: text that is judged in parts, or that the judge decodes to other characters than the server.
 * Invariant: a text comes out whole and is valid UTF-8; nothing comes out behind a close.
 */
export class MessageReader {
  private parts: Buffer[] = [];
  private partBytes = 0;
  private opcode: number | null = null;
  private closed = false;
  private readonly bytesMax: number;

  constructor({ bytesMax }: { bytesMax: number }) {
    this.bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.partBytes + this.parts.length * PART_OVERHEAD_BYTES;
  }

  /** Null: a part, whose message is not complete yet. */
  take({ final, opcode, payload }: ClientFrame): ClientMessage | null {
    if (this.closed) throw new WebSocketViolation(1002, "a frame stands behind the close");
    if (opcode === OPCODE.close) {
      checkClose(payload);
      this.closed = true;
      return { kind: "close", payload };
    }
    if (isControl(opcode)) return { kind: "control", opcode, payload };
    if ((opcode === OPCODE.continuation) !== (this.opcode !== null))
      throw new WebSocketViolation(1002, "parts of messages are mixed");
    this.opcode ??= opcode;
    this.partBytes += payload.length;
    this.parts.push(payload);
    if (this.partBytes > this.bytesMax || this.parts.length > WEBSOCKET_FRAGMENTS_MAX)
      throw new WebSocketViolation(
        1009,
        `a message has more than ${this.bytesMax} bytes or ${WEBSOCKET_FRAGMENTS_MAX} parts`,
      );
    return final ? this.complete() : null;
  }

  private complete(): ClientMessage {
    const payload = Buffer.concat(this.parts);
    const isText = this.opcode === OPCODE.text;
    this.parts = [];
    this.partBytes = 0;
    this.opcode = null;
    return isText ? { kind: "text", text: utf8Of(payload) } : { kind: "binary", payload };
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function utf8Of(bytes: Buffer): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new WebSocketViolation(1007, "a text is not UTF-8");
  }
}

/** RFC 6455 7.4: codes that may stand in a frame. */
const isCode = (code: number): boolean =>
  (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);

function checkClose(payload: Buffer): void {
  if (payload.length === 0) return;
  if (payload.length === 1 || !isCode(payload.readUInt16BE(0)))
    throw new WebSocketViolation(1002, "a close has no sound code");
  utf8Of(payload.subarray(2));
}
