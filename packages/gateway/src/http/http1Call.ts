import { STATUS_CODES } from "node:http";
import { type Framing, isBodiless } from "../http1/framing.ts";
import type { OutgoingMessage } from "../http1/outgoingMessage.ts";
import type { ServerExchange } from "../http1/serverExchange.ts";
import { writeHead } from "../http1/writeHead.ts";
import type { AnswerHead, Call } from "./call.ts";
import { type HeaderPair, valuesOf } from "./headerPair.ts";

/** A request of HTTP/1; `cut` resets the connection, the only end of an answer that no client takes for a whole one. */
export function http1Call(exchange: ServerExchange, cut: () => void): Call {
  const { head, body } = exchange;
  let message: OutgoingMessage | null = null;
  let gone = false;
  const onGone: (() => void)[] = [];
  let onError: (() => void)[] = [];
  exchange.onGone = () => {
    gone = true;
    for (const callback of onGone) callback();
  };
  exchange.onBroken = () => {
    const callbacks = onError;
    onError = [];
    for (const callback of callbacks) callback();
    cut();
  };
  return {
    head,
    body,
    whole: () => body.complete,
    get answered() {
      return message !== null;
    },
    get gone() {
      return gone;
    },
    onGone(callback) {
      if (gone) callback();
      else onGone.push(callback);
    },
    onError: (callback) => void onError.push(callback),
    trailers: () => [],
    sayContinue() {
      const expects = head.version === "1.1" && valuesOf(head.headers, "expect").length > 0;
      if (expects && !body.complete) exchange.interim("HTTP/1.1 100 Continue\r\n\r\n");
    },
    discardBody: () => void body.resume(),
    answer(answer) {
      const { headers, framing } = framed(answer, head);
      if (framing.kind === "close") exchange.last = true;
      if (exchange.last) headers.push(["connection", "close"]);
      // An upstream's answer comes with its own word, or none.
      const { status, reason = STATUS_CODES[status] ?? "" } = answer;
      message = exchange.answer(writeHead(`HTTP/1.1 ${status} ${reason}`, headers), framing);
      return message;
    },
    flushHead: () => message?.flushHead(),
    closeAfter() {
      exchange.last = true;
    },
    cut,
  };
}

/** The answer's headers with those that say where its body ends. */
function framed(
  answer: AnswerHead,
  request: { method: string; version: string },
): { headers: HeaderPair[]; framing: Framing } {
  const headers = [...answer.headers];
  if (isBodiless(answer.status, request.method)) return { headers, framing: { kind: "none" } };
  const lengths = valuesOf(headers, "content-length");
  if (lengths.length > 0) {
    const bytes = Number(lengths[0]);
    if (lengths.length > 1 || !Number.isSafeInteger(bytes)) throw new Error("The answer's length is not one number.");
    return { headers, framing: { kind: "length", bytes } };
  }
  if (answer.ended === true) {
    headers.push(["content-length", "0"]);
    return { headers, framing: { kind: "length", bytes: 0 } };
  }
  if (request.version !== "1.1") return { headers, framing: { kind: "close" } };
  headers.push(["transfer-encoding", "chunked"]);
  return { headers, framing: { kind: "chunked" } };
}
