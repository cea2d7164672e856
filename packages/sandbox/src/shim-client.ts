import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { encodeFrame, FrameReader } from "./frames.ts";

/** The form in which a shim of this version vouches for programs; `IDENTITY_ANSWER` in creel.h. A change of the form is a new word. */
export const IDENTITY_ANSWER = "who1";

/** One connection to a shim: requests are answered in order. When it closes, `closed` fires once and open requests get null. */
export class ShimClient {
  #socket: Socket;
  #reader = new FrameReader();
  #waiting: ((answer: string[] | null) => void)[] = [];
  #open = true;
  #idle = false;
  onClosed: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      for (const frame of this.#reader.push(chunk)) this.#waiting.shift()?.(frame);
      if (this.#waiting.length === 0 && this.#idle) socket.unref();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#open = false;
      for (const answer of this.#waiting.splice(0)) answer(null);
      this.onClosed();
    });
  }

  /** Resolves null when no shim listens in `runDir`. */
  static open(runDir: string): Promise<ShimClient | null> {
    return new Promise((resolve) => {
      const socket = connect(join(runDir, "shim.sock"));
      socket.once("error", () => resolve(null));
      socket.once("connect", () => resolve(new ShimClient(socket)));
    });
  }

  ask(...words: string[]): Promise<string[] | null> {
    return new Promise((resolve) => {
      if (!this.#open) return resolve(null);
      this.#waiting.push(resolve);
      this.#socket.ref();
      this.#socket.write(encodeFrame(words));
    });
  }

  /** A connection that only waits must not keep the process alive; one with an open request does. */
  unref(): void {
    this.#idle = true;
    this.#socket.unref();
  }

  close(): void {
    this.#socket.destroy();
  }
}
