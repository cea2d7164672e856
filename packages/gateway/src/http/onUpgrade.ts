import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { INFERENCE_HOST, planEndpoint } from "@creel/policy";
import { type HeaderPair, secretsOf } from "../credentials/bindings.ts";
import { type Secret, scrubStream, scrubText } from "../credentials/scrub.ts";
import { asRequest } from "../judgeConnection.ts";
import { CONNECT_TIMEOUT_MS } from "../limits.ts";
import { relay } from "../relay.ts";
import { refuse } from "../settle.ts";
import { type Context, type Exchange, type Flow, OWN_HOST, type Refusal, resetSocket } from "../state.ts";
import { refusalBody } from "./answers.ts";
import { type CheckedRequest, checkRequest } from "./checkRequest.ts";
import { answerHead, openUpstream } from "./forward.ts";
import { type Prepared, prepare, subjectOf } from "./prepare.ts";
import { writeRefusal } from "./rawAnswers.ts";

/**
 * A request to leave HTTP. Only WebSocket, only where the policy allows it for this request; then bytes flow unread, counted, and cut
 * by a reload. An endpoint whose policy judges each message is refused: an unread stream would be more than was allowed.
 */
export async function onUpgrade(
  context: Context,
  flow: Flow,
  req: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  socket.on("error", () => resetSocket(flow.socket));
  const asked = { method: req.method ?? null, path: req.url ?? null };
  const say = (refusal: Refusal) => writeRefusal(socket, "403 Forbidden", refusalBody(flow, refusal, asked));
  if (flow.refusal !== null) return say(await flow.refusal.tell(subjectOf(flow, asked)));
  const checked = checkRequest(req, flow);
  const request = "request" in checked ? asWebSocket(checked.request) : null;
  const plan = planEndpoint(flow.state.inForce.policy, asRequest(flow), context.now());
  const problem =
    "problem" in checked
      ? checked.problem
      : request === null || flow.host === OWN_HOST || flow.host === INFERENCE_HOST
        ? `An upgrade to ${req.headers.upgrade ?? "a tunnel"} is not allowed here.`
        : plan?.webSocketText === true
          ? "This endpoint's policy judges each WebSocket message, which this gateway cannot do yet."
          : null;
  if (problem !== null || request === null) {
    return say(
      await refuse(context, flow.state, subjectOf(flow, asked), problem ?? "This upgrade is not allowed here."),
    );
  }
  const prepared = await prepare(context, flow, request, null);
  if ("refused" in prepared) return say(prepared.refused);
  if ("failed" in prepared) return writeRefusal(socket, "502 Bad Gateway", JSON.stringify({ error: prepared.failed }));
  const secrets = await secretsOf(flow.state.credentials, flow, prepared.headers);
  tunnel({ context, flow, request, prepared, socket, head, secrets });
}

/** The request as it is judged and sent: with the headers that make it an upgrade. Null when it is not a WebSocket's. */
function asWebSocket(request: CheckedRequest): CheckedRequest | null {
  if (request.upgrade !== "websocket" || request.method !== "GET" || request.body !== "none") return null;
  const upgrade: HeaderPair[] = [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
  ];
  // Compressed messages could not be searched for credentials.
  const kept = request.headers.filter(([name]) => name.toLowerCase() !== "sec-websocket-extensions");
  return { ...request, headers: [...kept, ...upgrade] };
}

interface Tunnel {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  prepared: Prepared;
  socket: Duplex;
  head: Buffer;
  secrets: readonly Secret[];
}

function tunnel({ context, flow, request, prepared, socket, head, secrets }: Tunnel): void {
  const startedAt = context.now();
  const bytes = { in: 0, out: head.length };
  const { seq, settled, judge, headers, target } = prepared;
  const outgoing = openUpstream({ context, flow, request, headers, body: null, target }, secrets, false);
  let ended = false;
  const exchange: Exchange = {
    stillAllowed: (policy) => judge(policy).decision !== "deny",
    cut: () => {
      outgoing.destroy();
      outgoing.socket?.destroy();
      finish();
      resetSocket(flow.socket);
    },
  };
  function finish(): void {
    if (ended) return;
    ended = true;
    flow.exchanges.delete(exchange);
    context.sink.end(seq, { bytesIn: bytes.in, bytesOut: bytes.out, durationMs: context.now() - startedAt });
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
  const fail = (reason: string) => {
    outgoing.destroy();
    finish();
    writeRefusal(socket, "502 Bad Gateway", JSON.stringify({ error: "upstream_failed", reason }));
  };
  outgoing.setTimeout(CONNECT_TIMEOUT_MS, () => fail("The upstream did not answer in time."));
  outgoing.on("error", () => {
    if (!ended) fail(`${flow.host}:${flow.port} could not be reached.`);
  });
  outgoing.once("response", (answer) => fail(`The upstream answered ${answer.statusCode} instead of upgrading.`));
  outgoing.once("upgrade", (answer, upstream, first) => {
    outgoing.setTimeout(0);
    const pairs = answerHead(answer, "GET", secrets) ?? [];
    const lines = [...pairs, ["Connection", "Upgrade"], ["Upgrade", "websocket"]].map(
      ([name, value]) => `${name}: ${value}`,
    );
    socket.write(
      `HTTP/1.1 101 ${scrubText(answer.statusMessage ?? "", secrets)}\r\n${lines.join("\r\n")}\r\n\r\n`,
      "latin1",
    );
    if (first.length > 0) upstream.unshift(first);
    if (head.length > 0) upstream.write(head);
    // Same length, so that the frames around a taken-out secret stay readable.
    const masked = secrets.map(({ value }) => ({ value, placeholder: "*".repeat(Buffer.byteLength(value)) }));
    relay({
      sandbox: socket,
      upstream,
      ...(masked.length === 0 ? {} : { filter: scrubStream(masked) }),
      onBytes: (direction, count) => {
        bytes[direction] += count;
        flow.state.usage.addBytes(settled.rule, count);
      },
      onEnd: (clean) => (clean ? finish() : cut()),
    });
  });
  outgoing.end();
}
