import { Transform } from "node:stream";
import type { HeldBody } from "../http/heldBodies.ts";
import { WEBSOCKET_MESSAGE_BYTES_MAX } from "../limits.ts";
import type { ControlFrames } from "./controlFrames.ts";
import { OPCODE } from "./frameHead.ts";
import { closeFrame, FrameReader, writeFrame } from "./frames.ts";
import { type ClientMessage, MessageReader } from "./messages.ts";
import { WebSocketViolation } from "./violation.ts";

/**
 * The way from the client to the server, message by message. Invariant: what the server receives are messages that `pass` gave, written
 * anew in one frame each, and control frames without anything that the client wrote in them but a close's code; after the first that is refused or malformed the server receives a close and the client's bytes are dropped.
 */
export interface ClientSideOptions {
  /** The text to send; throws `WebSocketViolation` to refuse. Writes its own line in either case. */
  passText(text: string): Promise<string>;
  /** Resolves where it may pass. */
  passBinary(bytes: number): Promise<void>;
  /** Called once. */
  onViolation(violation: WebSocketViolation): void;
  control: ControlFrames;
  /** Counts what waits here to become whole. */
  held: HeldBody;
}

export function createClientSide({ passText, passBinary, onViolation, control, held }: ClientSideOptions): Transform {
  const frames = new FrameReader({ payloadBytesMax: WEBSOCKET_MESSAGE_BYTES_MAX });
  const messages = new MessageReader({ bytesMax: WEBSOCKET_MESSAGE_BYTES_MAX });
  let refused = false;

  async function outgoing(message: ClientMessage): Promise<Buffer> {
    switch (message.kind) {
      case "text":
        return writeFrame(OPCODE.text, Buffer.from(await passText(message.text), "utf8"), { masked: true });
      case "binary":
        await passBinary(message.payload.length);
        return writeFrame(OPCODE.binary, message.payload, { masked: true });
      case "control":
        return writeFrame(message.opcode, control.fromClient(message.opcode, message.payload), { masked: true });
      case "close":
        return writeFrame(OPCODE.close, message.payload.subarray(0, CLOSE_CODE_BYTES), { masked: true });
    }
  }

  async function take(side: Transform, chunk: Buffer): Promise<void> {
    // A buffer that grows is there twice for a moment; a whole message stands beside its parts.
    if (!held.resize(2 * (frames.bytes + chunk.length) + messages.bytes)) throw noRoom();
    for (const frame of frames.push(chunk)) {
      const message = messages.take(frame);
      if (message !== null) side.push(await outgoing(message));
    }
    held.resize(frames.bytes + messages.bytes);
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (refused) return done();
      take(this, chunk).then(
        () => done(),
        (error: unknown) => {
          if (!(error instanceof WebSocketViolation))
            return done(error instanceof Error ? error : new Error("unknown"));
          refused = true;
          held.giveBack();
          this.push(closeFrame(error.code, "", { masked: true }));
          onViolation(error);
          done();
        },
      );
    },
  });
}

/** The reason behind it is words of the client's, which nobody judges. */
const CLOSE_CODE_BYTES = 2;

/** 1013: try again later. */
const noRoom = () => new WebSocketViolation(1013, "too many messages that have to be judged whole are under way");
