import { constants } from "node:http2";
import type { CompiledPolicy, PolicyDecision } from "@creel/policy";
import { type AnswerScrub, answerScrub } from "../credentials/ofAnswer.ts";
import type { Settled } from "../settle.ts";
import { refuse } from "../settle.ts";
import type { Context, Exchange, Flow } from "../state.ts";
import { type Sending, sendUpgrade, type UpgradeEvents } from "../upstream/http1.ts";
import type { Target } from "../upstream/resolve.ts";
import { sendUpstream } from "../upstream/send.ts";
import { NO_TURN, type UpstreamAnswer, type UpstreamCall, type UpstreamFailure } from "../upstream/upstreamCall.ts";
import { bytesBudget } from "../withinLimits.ts";
import { answerFailure } from "./answers.ts";
import type { Call } from "./call.ts";
import type { CheckedRequest } from "./checkRequest.ts";
import { answerHeaders, answerTrailers, NOT_IN_A_REASON, outgoingHeaders } from "./forwardedHeaders.ts";
import type { HeaderPair } from "./headerPair.ts";
import { subjectOf } from "./prepare.ts";
import { pump } from "./pump.ts";
import { readTrailers } from "./trailers.ts";

/** What goes out, apart from where the answer goes. */
export interface Outgoing {
  context: Context;
  flow: Flow;
  /** As it goes out, credentials in place. */
  request: CheckedRequest;
  /** As it goes out, where it was held; null when it streams. */
  body: Buffer | null;
  target: Target;
}

export interface Forwarding extends Outgoing {
  settled: Settled;
  seq: number;
  judge: (policy: CompiledPolicy) => PolicyDecision;
  call: Call;
}

/** Everything below is not an answer, or not one of HTTP. */
const FINAL_STATUS_MIN = 200;
const FINAL_STATUS_MAX = 599;
/** What an upstream may tell a client of HTTP/2 about a request by its code; every other code speaks of our own connection to it. */
const PASSED_ON = new Set<number>([
  constants.NGHTTP2_REFUSED_STREAM,
  constants.NGHTTP2_CANCEL,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
  constants.NGHTTP2_HTTP_1_1_REQUIRED,
]);

/**
 * Carries one judged request to the addresses that were checked, and the answer back. Nothing is buffered and there is no total
 * time-out; a new policy cuts it both ways. Redirects are not followed: the client's next request is judged like any other.
 */
export function forward(forwarding: Forwarding): void {
  const { context, flow, request, settled, seq, judge, call } = forwarding;
  const startedAt = context.now();
  const bytes = { in: 0, out: 0 };
  let upstream: UpstreamCall | null = null;
  let ended = false;
  let failed: string | null = null;

  const exchange: Exchange = {
    stillAllowed: (policy) => judge(policy).decision !== "deny",
    cut: () => {
      finish();
      call.cut();
    },
  };
  function finish(): void {
    if (ended) return;
    ended = true;
    upstream?.destroy();
    flow.exchanges.delete(exchange);
    const totals = { bytesIn: bytes.in, bytesOut: bytes.out, durationMs: context.now() - startedAt };
    context.sink.end(seq, failed === null ? totals : { ...totals, failure: failed });
  }
  flow.exchanges.add(exchange);
  if (flow.state.inForce !== settled.inForce && !exchange.stillAllowed(flow.state.inForce.policy)) {
    exchange.cut("policy");
    return;
  }
  call.onGone(finish);
  if (ended) return;
  const budget = bytesBudget(context, flow, settled);
  const count = (direction: "in" | "out") => (length: number) => {
    bytes[direction] += length;
    flow.state.usage.addBytes(budget, length);
  };
  const countIn = count("in");
  const countOut = count("out");
  bytes.out += forwarding.body?.length ?? 0;

  const scrub = answerScrub(flow, request);
  send(true);

  function send(mayRepeat: boolean): void {
    if (ended) return;
    const sending = {
      context,
      flow,
      request,
      target: forwarding.target,
      headers: outgoingHeaders(forwarding, scrub),
    };
    sendUpstream(sending, call.head, mayRepeat, {
      wanted: () => !ended,
      opened(opened) {
        upstream = opened;
        if (ended) opened.destroy();
        else alone(() => sendBody(opened));
      },
      onAnswer: (answer) => alone(() => relayAnswer(answer)),
      onFailure: (failure) => alone(() => onFailure(failure, mayRepeat)),
      trailers: () => outgoingTrailers(),
    });
  }

  /** What an upstream sends ends this exchange at worst: it is called by a socket's event, where a throw would end the process of all. */
  function alone(work: () => void): void {
    if (ended) return;
    try {
      work();
    } catch (error) {
      failed = error instanceof Error ? error.message : "the answer could not be passed on";
      exchange.cut("broken off");
    }
  }

  function onFailure(failure: UpstreamFailure, mayRepeat: boolean): void {
    // Only what has no body, or one that we hold, can be sent again.
    const whole = request.body === "none" || forwarding.body !== null;
    if (failure.untouched && mayRepeat && whole) {
      send(false);
      return;
    }
    if (failure.code !== null && PASSED_ON.has(failure.code)) {
      call.cut(failure.code);
      return;
    }
    failed = failure.message;
    const place = `${flow.host}:${flow.port}`;
    if (failure.message === NO_TURN) {
      const reason = `${place} was not asked: ${NO_TURN}. End some of them, or ask again later.`;
      answerFailure(call, "upstream_busy", reason, { status: 503 });
      return;
    }
    answerFailure(call, "upstream_failed", `${place} could not be reached (${failure.message}).`);
  }

  function sendBody(opened: UpstreamCall): void {
    if (request.body === "none") return void opened.body.end();
    if (forwarding.body !== null) return void opened.body.end(forwarding.body);
    call.sayContinue();
    const declared = typeof request.body === "object" ? request.body.bytes : Number.POSITIVE_INFINITY;
    let sent = 0;
    pump({
      from: call.body,
      whole: () => call.whole(),
      to: opened.body,
      onChunk: (length) => {
        countOut(length);
        sent += length;
        // More than the head said would be the beginning of a second request to an upstream of HTTP/1.
        if (sent > declared) exchange.cut("longer than it said");
      },
      done: (whole) => {
        if (!whole && !ended) opened.destroy();
      },
    });
  }

  function outgoingTrailers(): readonly HeaderPair[] | null {
    const read = readTrailers(call.trailers(), flow.state.credentials.all());
    if ("trailers" in read) return read.trailers;
    void refuse(context, flow.state, subjectOf(flow, { method: request.method, path: request.target }), read.problem);
    exchange.cut("trailers");
    return null;
  }

  function relayAnswer(answer: UpstreamAnswer): void {
    const head = answerHeaders(answer, request.method, scrub);
    const fail = (error: string, reason: string) => {
      upstream?.destroy();
      answerFailure(call, error, reason);
    };
    if (head === null) {
      fail("upstream_encoded", "The answer is compressed in a way that cannot be searched for credentials.");
      return;
    }
    const { headers, filters } = head;
    if (answer.status < FINAL_STATUS_MIN || answer.status > FINAL_STATUS_MAX) {
      fail("upstream_malformed", "The answer's status is none that ends a request.");
      return;
    }
    const reason = (scrub?.text(answer.reason) ?? answer.reason).replace(NOT_IN_A_REASON, "");
    const trailers = () => answerTrailers(answer, scrub);
    const out = call.answer({ status: answer.status, reason, headers, ended: answer.ended, trailers });
    // A short answer goes out in one piece with its head; a stream that is silent at first shows its head all the same.
    setImmediate(() => call.flushHead());
    const done = (whole: boolean) => {
      if (!whole && !ended) exchange.cut("broken off");
    };
    const arriving = { onChunk: countIn, whole: () => answer.whole() };
    let from = answer.body;
    for (const filter of filters) {
      pump({ from, to: filter, ...(from === answer.body ? arriving : {}), done });
      from = filter;
    }
    pump({ from, to: out, ...(from === answer.body ? arriving : {}), done });
  }
}

/** A request of HTTP/1, for what leaves HTTP after it. */
export function openUpgrade(outgoing: Outgoing, scrub: AnswerScrub | null, events: UpgradeEvents) {
  const { context, flow, request, target } = outgoing;
  const sending: Sending = { context, flow, request, target, headers: outgoingHeaders(outgoing, scrub) };
  return sendUpgrade(sending, events);
}
