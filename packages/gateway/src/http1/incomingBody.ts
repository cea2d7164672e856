import { Readable } from "node:stream";
import type { HeaderPair } from "../http/headerPair.ts";
import { type BodyBytes, createBodyBytes } from "./bodyBytes.ts";
import type { Framing } from "./framing.ts";

/** A message's body as it arrives. It asks its connection for more by `onWanted`, and holds it back by what `take` returns. */
export class IncomingBody extends Readable {
  /** Its own end has been seen, and not that of its sender. */
  complete: boolean;
  private readonly bytes: BodyBytes;
  private readonly onWanted: () => void;
  private room = true;

  constructor(framing: Framing, onWanted: () => void) {
    super();
    this.onWanted = onWanted;
    this.bytes = createBodyBytes(framing, (slice) => {
      this.room = this.destroyed || this.push(slice);
    });
    this.complete = this.bytes.over;
    if (this.complete) this.push(null);
  }

  get trailers(): readonly HeaderPair[] {
    return this.bytes.trailers;
  }
  get problem(): string | null {
    return this.bytes.problem;
  }

  /** `taken`: bytes that were its own. `room` false: no more until it asks. A body that breaks its framing is destroyed. */
  feed(chunk: Buffer, from: number): { taken: number; room: boolean } {
    this.room = true;
    const taken = this.bytes.feed(chunk, from);
    if (this.bytes.problem !== null) this.destroy();
    else if (this.bytes.over) this.finish();
    return { taken, room: this.room };
  }

  /** The connection's end is the body's, where nothing else says it. */
  finish(): void {
    if (this.complete) return;
    this.complete = true;
    if (!this.destroyed) this.push(null);
  }

  /** Nobody wants the rest; the connection reads past it. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (!this.complete) this.onWanted();
    done(error);
  }

  override _read(): void {
    if (!this.complete) this.onWanted();
  }
}
