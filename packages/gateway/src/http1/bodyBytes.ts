import type { HeaderPair } from "../http/headerPair.ts";
import type { Framing } from "./framing.ts";
import { readFields } from "./head.ts";

/** A chunk's size is hexadecimal; eight digits are 4 GiB. */
const SIZE_DIGITS_MAX = 8;
/** Extensions of a chunk are dropped (RFC 9112 7.1.1 wants them bounded): nobody uses them, floods do. */
const SIZE_LINE_BYTES_MAX = 256;
/** Lines behind the last chunk, with their ends. */
const TRAILER_BYTES_MAX = 8 * 1024;
const SIZE_LINE = /^([0-9A-Fa-f]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/;

const CR = 13;
const LF = 10;

/**
 * Cuts a body out of a connection's bytes. Invariant: it ends where its framing says and nowhere else; sizes are digits only, the end of
 * each chunk is CR LF, and what is handed on carries no framing of its sender's.
 */
export interface BodyBytes {
  /** How many bytes of the chunk were the body's, framing included; `onData` has been given the rest of it. Negative: broken for good. */
  feed(chunk: Buffer, from: number): number;
  readonly over: boolean;
  readonly problem: string | null;
  readonly trailers: readonly HeaderPair[];
}

export function createBodyBytes(framing: Framing, onData: (bytes: Buffer) => void): BodyBytes {
  if (framing.kind === "chunked") return new Chunked(onData);
  return new Measured(framing.kind === "length" ? framing.bytes : framing.kind === "close" ? Infinity : 0, onData);
}

class Measured implements BodyBytes {
  readonly problem = null;
  readonly trailers: readonly HeaderPair[] = [];
  over: boolean;
  private left: number;
  private readonly onData: (bytes: Buffer) => void;
  constructor(bytes: number, onData: (bytes: Buffer) => void) {
    this.left = bytes;
    this.over = bytes === 0;
    this.onData = onData;
  }
  feed(chunk: Buffer, from: number): number {
    const taken = Math.min(this.left, chunk.length - from);
    this.left -= taken;
    this.over = this.left === 0;
    if (taken > 0) this.onData(chunk.subarray(from, from + taken));
    return taken;
  }
}

type ChunkedState = "size" | "data" | "dataCr" | "dataLf" | "trailers" | "over";

class Chunked implements BodyBytes {
  problem: string | null = null;
  trailers: readonly HeaderPair[] = [];
  private state: ChunkedState = "size";
  private left = 0;
  /** A line that has begun. */
  private line = "";
  private lines: string[] = [];
  private lineBytes = 0;
  /** Of the read that is being cut: many small chunks are handed on as one piece, because each piece costs far more than its bytes. */
  private pieces: Buffer[] = [];
  private readonly onData: (bytes: Buffer) => void;
  constructor(onData: (bytes: Buffer) => void) {
    this.onData = onData;
  }
  get over(): boolean {
    return this.state === "over";
  }
  feed(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length && this.state !== "over" && this.problem === null) at = this.step(chunk, at);
    this.handOn();
    return this.problem === null ? at - from : -1;
  }
  private handOn(): void {
    const { pieces } = this;
    const [first] = pieces;
    if (first === undefined) return;
    this.pieces = [];
    this.onData(pieces.length === 1 ? first : Buffer.concat(pieces));
  }
  private step(chunk: Buffer, at: number): number {
    switch (this.state) {
      case "data": {
        const end = Math.min(chunk.length, at + this.left);
        this.pieces.push(chunk.subarray(at, end));
        this.left -= end - at;
        if (this.left === 0) this.state = "dataCr";
        return end;
      }
      case "dataCr":
        return this.expect(chunk, at, CR, "dataLf");
      case "dataLf":
        return this.expect(chunk, at, LF, "size");
      default:
        return this.readLine(chunk, at);
    }
  }
  private expect(chunk: Buffer, at: number, byte: number, next: ChunkedState): number {
    if (chunk[at] === byte) this.state = next;
    else this.problem = "a chunk that is longer than its size";
    return at + 1;
  }
  private readLine(chunk: Buffer, at: number): number {
    const max = this.state === "size" ? SIZE_LINE_BYTES_MAX : TRAILER_BYTES_MAX;
    const lf = chunk.indexOf(LF, at);
    const end = lf < 0 ? chunk.length : lf + 1;
    this.lineBytes += end - at;
    if (this.lineBytes > max) {
      this.problem = "a line of the chunked body that is too long";
      return end;
    }
    this.line += chunk.toString("latin1", at, end);
    if (lf < 0) return end;
    const line = this.line;
    this.line = "";
    if (!line.endsWith("\r\n")) this.problem = "a line of the chunked body that does not end with CR LF";
    else if (this.state === "size") this.onSize(line.slice(0, -2));
    else this.onTrailer(line.slice(0, -2));
    return end;
  }
  private onSize(line: string): void {
    const digits = SIZE_LINE.exec(line)?.[1];
    if (digits === undefined || digits.length > SIZE_DIGITS_MAX) {
      this.problem = "a chunk's size that is no number";
      return;
    }
    this.left = Number.parseInt(digits, 16);
    this.lineBytes = 0;
    this.state = this.left === 0 ? "trailers" : "data";
  }
  private onTrailer(line: string): void {
    if (line !== "") {
      this.lines.push(line);
      return;
    }
    const trailers = readFields(this.lines);
    if (typeof trailers === "string") this.problem = trailers;
    else this.trailers = trailers;
    this.state = "over";
  }
}
