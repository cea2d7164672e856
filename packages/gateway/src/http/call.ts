import type { Readable, Writable } from "node:stream";
import type { HeaderPair } from "./headerPair.ts";

/** A request's head as its parser read it, before anything of it is believed. */
export interface RequestHead {
  version: "1.0" | "1.1" | "2";
  method: string;
  /** The request target as it was sent. */
  target: string;
  /** What HTTP/2 says beside its headers; null in HTTP/1, where the Host header and the connection say it. */
  pseudo: { scheme: string; authority: string | null } | null;
  headers: readonly HeaderPair[];
  /** Nothing follows the head. HTTP/1 says it by its framing headers, HTTP/2 by a flag. */
  ended: boolean;
}

export interface AnswerHead {
  status: number;
  /** HTTP/1 only; Node's own word for the status when omitted. */
  reason?: string;
  headers: readonly HeaderPair[];
  /** No body follows. */
  ended?: boolean;
  /** Asked for when the body has ended; HTTP/2 only. */
  trailers?: () => readonly HeaderPair[];
}

/**
 * One request of a sandboxed program and the place for its answer, whichever version of HTTP carries them: what judges, forwards and
 * answers is written once. Invariant: cutting one call harms no other, except where the version knows no other way (HTTP/1).
 */
export interface Call {
  readonly head: RequestHead;
  readonly body: Readable;
  /** Asked when `body` has ended: whether that was its end, and not its sender's. */
  whole(): boolean;
  /** The answer's head has gone out. */
  readonly answered: boolean;
  /** The client went away, or has its whole answer. */
  readonly gone: boolean;
  /** At the latest of answer and departure; at once when that has been. */
  onGone(callback: () => void): void;
  onError(callback: () => void): void;
  /** What followed the body; complete when `body` has ended. Only HTTP/2's are passed on. */
  trailers(): readonly HeaderPair[];
  /** Tells a client that asked (`Expect: 100-continue`) to send its body. */
  sayContinue(): void;
  /** The rest of the body is read and thrown away, so that the client reads the answer and no reset. */
  discardBody(): void;
  /** Sends the head and gives the place for the body. Throws where the head cannot be written in this version. */
  answer(head: AnswerHead): Writable;
  /** A stream that is silent at first shows its head all the same. */
  flushHead(): void;
  /** The answer that follows is the connection's last. */
  closeAfter(): void;
  /** Ends it at once and unmistakably: never like a whole answer. `code` is HTTP/2's (RFC 9113 7). */
  cut(code?: number): void;
}
