import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { resetSocket } from "./resetSocket.ts";
import type { Throttle } from "./throttle.ts";

/**
 * An accepted connection whose bytes pass a throttle in both directions: below TLS and every protocol, so that no protocol gets around
 * it. Only the kernel's buffers fill while it waits; what is not read there slows the sender down.
 */
class ThrottledSocket extends Duplex {
  /** Set by `resetSocket`, as on a real socket: destroyed so that it looks like no clean end. */
  resetAndClosing = false;
  private passing = false;
  private readonly socket: Socket;
  private readonly throttle: Throttle;

  constructor(socket: Socket, throttle: Throttle) {
    super({ allowHalfOpen: true });
    this.socket = socket;
    this.throttle = throttle;
    // What the end of one direction means is for whoever reads this to say.
    socket.allowHalfOpen = true;
    socket.pause();
    socket.on("data", (chunk: Buffer) => {
      socket.pause();
      this.passing = true;
      this.pass(chunk, (slice, next) => {
        const more = this.push(slice);
        if (next !== null) return next();
        this.passing = false;
        if (more) socket.resume();
      });
    });
    socket.once("end", () => this.push(null));
    socket.once("close", () => this.destroy());
    socket.on("error", (error) => this.destroy(error));
    socket.on("timeout", () => this.emit("timeout"));
  }

  override _read(): void {
    // While one chunk waits no other may come before it; the stream asks again after each push.
    if (!this.passing) this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.pass(chunk, (slice, next) => {
      this.socket.write(slice, (error) => {
        if (error !== null && error !== undefined) done(error);
        else if (next === null) done();
        else next();
      });
    });
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    if (this.resetAndClosing) resetSocket(this.socket);
    else this.socket.destroy();
    done(error);
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.socket.setTimeout(ms);
    if (callback !== undefined) this.once("timeout", callback);
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  /** In slices of a tenth of a second, so that a slow line is slow and not dead for a while; `next` is null for the last. */
  private pass(chunk: Buffer, deliver: (slice: Buffer, next: (() => void) | null) => void, from = 0): void {
    const rate = this.throttle.rate();
    const size = rate === null ? chunk.length : Math.max(SLICE_BYTES_MIN, Math.ceil(rate / 10));
    const slice = chunk.subarray(from, from + size);
    const end = from + slice.length;
    const go = () => {
      if (!this.destroyed) deliver(slice, end >= chunk.length ? null : () => this.pass(chunk, deliver, end));
    };
    const waits = this.throttle.take(slice.length);
    if (waits === null) go();
    else void waits.then(go);
  }
}

/** Smaller ones would cost more in system calls than they carry. */
const SLICE_BYTES_MIN = 512;

const throttled = new WeakSet<Socket>();

/** The connection through the throttle. */
export function throttleSocket(socket: Socket, throttle: Throttle): Socket {
  const made = asSocket(new ThrottledSocket(socket, throttle));
  throttled.add(made);
  return made;
}

export const isThrottled = (socket: Socket): boolean => throttled.has(socket);

/**
 * Guarantee: the gateway uses of an accepted connection what every Duplex has (events, `read`, `write`, `unshift`, `pipe`, `end`,
 * `destroy`), `setTimeout`, `setNoDelay` and `resetAndClosing`, and nothing else; addresses are read before.
 */
function asSocket(duplex: ThrottledSocket): Socket {
  return duplex as unknown as Socket;
}
