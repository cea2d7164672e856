import type { Readable, Writable } from "node:stream";
import type { HeaderPair } from "../http/headerPair.ts";

/** The answer to one request, whichever version of HTTP brought it. */
export interface UpstreamAnswer {
  status: number;
  /** Empty in HTTP/2. */
  reason: string;
  headers: readonly HeaderPair[];
  body: Readable;
  /** Asked when `body` has ended: whether that was its end, and not its sender's. */
  whole(): boolean;
  /** No body follows. */
  ended: boolean;
  /** Complete when `body` has ended. */
  trailers(): readonly HeaderPair[];
}

/** All connections or streams that may lead there are taken by answers that have not ended. */
export const NO_TURN = "too many answers of it are open";

export interface UpstreamFailure {
  message: string;
  /** The upstream has not begun with this request: it may be sent again. */
  untouched: boolean;
  /** HTTP/2's word for it (RFC 9113 7), where the upstream said one. */
  code: number | null;
}

/** What becomes of a request that was sent: one answer, or one failure before it. */
export interface UpstreamEvents {
  onAnswer(answer: UpstreamAnswer): void;
  onFailure(failure: UpstreamFailure): void;
  /** What goes out behind the body, asked for when the body has gone; null ends the request without sending its end. */
  trailers(): readonly HeaderPair[] | null;
}

export interface UpstreamCall {
  /** Where the request's body goes; nothing is sent twice. */
  readonly body: Writable;
  destroy(): void;
}
