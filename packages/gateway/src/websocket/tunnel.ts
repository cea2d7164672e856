import type { Duplex, Transform } from "node:stream";
import { planEndpoint } from "@creel/policy";
import type { AnswerScrub } from "../credentials/ofAnswer.ts";
import { scrubFrames } from "../credentials/webSocketScrub.ts";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { type Outgoing, openUpgrade } from "../http/forward.ts";
import { answerHead, NOT_IN_A_REASON } from "../http/forwardedHeaders.ts";
import type { HeaderPair } from "../http/headerPair.ts";
import { holdBody } from "../http/heldBodies.ts";
import type { Prepared } from "../http/prepare.ts";
import { writeRefusal } from "../http/rawAnswers.ts";
import { writeHead } from "../http1/writeHead.ts";
import { asRequest } from "../judgeConnection.ts";
import { CONNECT_TIMEOUT_MS, REFUSAL_LINGER_MS } from "../limits.ts";
import { relay } from "../relay.ts";
import { resetSocket } from "../resetSocket.ts";
import type { Context, Exchange, Flow } from "../state.ts";
import { createClientSide } from "./clientSide.ts";
import { ControlFrames } from "./controlFrames.ts";
import { closeFrame } from "./frames.ts";
import { isPlainAcceptance } from "./handshake.ts";
import { createMessageJudge } from "./judgeMessages.ts";
import { ServerSide } from "./serverSide.ts";
import type { WebSocketViolation } from "./violation.ts";

export interface Tunnel {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  prepared: Prepared;
  socket: Duplex;
  /** What the client sent behind its upgrade. */
  head: Buffer;
  /** Null: no secret can have gone there. */
  scrub: AnswerScrub | null;
  /** The client's messages are read one by one: to be judged, or for what changes in them. */
  messages: { judged: boolean } | null;
}

/**
 * Carries a WebSocket whose upgrade was judged and written down. Bytes are counted, and a new policy cuts it. Without `messages` they
 * flow unread, which only a policy allows that demands nothing of messages.
 */
export function openTunnel(parts: Tunnel): void {
  const { context, flow, prepared, socket, head, scrub, messages } = parts;
  const startedAt = context.now();
  const bytes = { in: 0, out: 0 };
  const { seq, settled, judge, target } = prepared;
  let outgoing: { destroy(): void } | null = null;
  let ended = false;
  let failed: string | null = null;
  const exchange: Exchange = {
    stillAllowed: (policy) =>
      judge(policy).decision !== "deny" &&
      (messages?.judged === true || planEndpoint(policy, asRequest(flow), context.now())?.webSocketText !== true),
    cut: () => {
      outgoing?.destroy();
      finish();
      resetSocket(flow.socket);
    },
  };
  function finish(): void {
    if (ended) return;
    ended = true;
    flow.exchanges.delete(exchange);
    const totals = { bytesIn: bytes.in, bytesOut: bytes.out, durationMs: context.now() - startedAt };
    context.sink.end(seq, failed === null ? totals : { ...totals, failure: failed });
  }
  const cut = () => exchange.cut("ended");
  flow.exchanges.add(exchange);
  const overtaken = flow.state.inForce !== settled.inForce && !exchange.stillAllowed(flow.state.inForce.policy);
  if (overtaken || socket.destroyed) {
    cut();
    return;
  }
  socket.once("close", () => {
    if (!ended) cut();
  });
  const sending = { context, flow, request: prepared.request, body: null, target };
  outgoing = awaitUpgrade(parts, sending, {
    failed(reason) {
      if (ended) return;
      failed = reason;
      outgoing?.destroy();
      finish();
      writeRefusal(socket, "502 Bad Gateway", JSON.stringify({ error: "upstream_failed", reason }));
    },
    opened(upstream) {
      const sides = messages === null ? null : readMessages(parts, upstream);
      const filters: Transform[] = scrub === null ? [] : [scrubFrames(scrub.secrets)];
      if (sides !== null) filters.push(sides.server);
      if (head.length > 0) socket.unshift(head);
      relay({
        sandbox: socket,
        upstream,
        ...(sides === null ? {} : { gate: sides.client }),
        filters,
        onBytes: (direction, count) => {
          bytes[direction] += count;
          flow.state.usage.addBytes(settled.rule, count);
        },
        onEnd: (clean) => {
          if (clean) return finish();
          // The client is still reading why it was closed; it has until the linger ends.
          if (sides?.closing() !== true) return cut();
          upstream.destroy();
          finish();
        },
      });
    },
  });
}

function awaitUpgrade(
  { flow, request, socket, scrub, messages }: Tunnel,
  sending: Outgoing,
  then: { failed(reason: string): void; opened(upstream: Duplex): void },
): { destroy(): void } {
  const timer = setTimeout(() => then.failed("The upstream did not answer in time."), CONNECT_TIMEOUT_MS);
  let upstream: Duplex | null = null;
  const outgoing = openUpgrade(sending, scrub, {
    onFailure() {
      clearTimeout(timer);
      then.failed(`${flow.host}:${flow.port} could not be reached.`);
    },
    onAnswer(status) {
      clearTimeout(timer);
      then.failed(`The upstream answered ${status} instead of upgrading.`);
    },
    onUpgrade(answer, opened, first) {
      clearTimeout(timer);
      upstream = opened;
      if (messages !== null && !isPlainAcceptance(request, answer.headers)) {
        opened.destroy();
        return then.failed("The upstream's acceptance of the WebSocket is not the plain one that was asked for.");
      }
      const pairs = answerHead(answer, "GET", scrub);
      const reason = (scrub?.text(answer.reason) ?? answer.reason).replace(NOT_IN_A_REASON, "");
      const headers: HeaderPair[] = [...pairs, ["Connection", "Upgrade"], ["Upgrade", "websocket"]];
      socket.write(writeHead(`HTTP/1.1 101 ${reason}`, headers), "latin1");
      if (first.length > 0) opened.unshift(first);
      then.opened(opened);
    },
  });
  return {
    destroy() {
      clearTimeout(timer);
      outgoing.destroy();
      upstream?.destroy();
    },
  };
}

/** Both ways of a WebSocket whose messages are read. A violation closes it: the client is told by a close frame, the server by another. */
function readMessages({ context, flow, request, prepared, messages, socket }: Tunnel, upstream: Duplex) {
  const judge = createMessageJudge({ context, flow, request, prepared, judged: messages?.judged === true });
  const control = new ControlFrames();
  const server = new ServerSide(control);
  const held = holdBody(flow.state);
  // Streams that are piped do not end with a source that was cut.
  socket.once("close", held.giveBack);
  let closing = false;
  const onViolation = (violation: WebSocketViolation) => {
    closing = true;
    void judge.writeViolation(violation);
    server.closeWith(closeFrame(violation.code, violation.message, { masked: false }));
    setTimeout(() => {
      upstream.destroy();
      resetSocket(flow.socket);
    }, REFUSAL_LINGER_MS).unref();
  };
  return {
    client: createClientSide({ passText: judge.passText, passBinary: judge.passBinary, onViolation, control, held }),
    server,
    closing: () => closing,
  };
}
