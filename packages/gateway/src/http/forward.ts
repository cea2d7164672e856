import { type ClientRequest, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type RequestOptions as HttpsOptions, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { pipeline } from "node:stream";
import { type ConnectionOptions, checkServerIdentity } from "node:tls";
import type { CompiledPolicy, PolicyDecision } from "@creel/policy";
import { type HeaderPair, secretsOf } from "../credentials/bindings.ts";
import { type Secret, scrubStream, scrubText } from "../credentials/scrub.ts";
import { FLOW_IDLE_TIMEOUT_MS, HEADER_BYTES_MAX } from "../limits.ts";
import type { Settled } from "../settle.ts";
import { type Context, type Exchange, type Flow, resetSocket } from "../state.ts";
import { pinnedLookup } from "../upstream/pools.ts";
import type { Target } from "../upstream/resolve.ts";
import { answerFailure } from "./answers.ts";
import { type CheckedRequest, isHopByHop, nominatedHeaders, toPairs } from "./checkRequest.ts";

/** What goes out, apart from where the answer goes. */
export interface Outgoing {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  /** As they go out, credentials in place. */
  headers: readonly HeaderPair[];
  /** Held for the policy; null when it streams. */
  body: Buffer | null;
  target: Target;
}

export interface Forwarding extends Outgoing {
  settled: Settled;
  seq: number;
  judge: (policy: CompiledPolicy) => PolicyDecision;
  req: IncomingMessage;
  res: ServerResponse;
}

/** Node's client reads status lines that its server throws at; thrown from an event, that would end the process of all sandboxes. */
const FINAL_STATUS_MIN = 200;
const NOT_IN_A_REASON = /[^\t\x20-\x7e\x80-\xff]/g;

/**
 * Carries one judged request to the addresses that were checked, and the answer back. Nothing is buffered and there is no total
 * time-out; a new policy cuts it (RST both ways). Redirects are not followed: the client's next request is judged like any other.
 */
export function forward(forwarding: Forwarding): void {
  const { context, flow, settled, seq, judge, req, res } = forwarding;
  const startedAt = context.now();
  const bytes = { in: 0, out: 0 };
  let upstream: ClientRequest | null = null;
  let ended = false;

  const exchange: Exchange = {
    stillAllowed: (policy) => judge(policy).decision !== "deny",
    cut: () => {
      upstream?.destroy();
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
  flow.exchanges.add(exchange);
  if (flow.state.inForce !== settled.inForce && !exchange.stillAllowed(flow.state.inForce.policy)) {
    exchange.cut("policy");
    return;
  }
  res.once("close", () => {
    upstream?.destroy();
    finish();
  });
  if (res.destroyed) {
    finish();
    return;
  }
  req.on("data", (chunk: Buffer) => {
    bytes.out += chunk.length;
    flow.state.usage.addBytes(settled.rule, chunk.length);
  });
  req.pause();
  bytes.out += forwarding.body?.length ?? 0;

  void secretsOf(flow.state.credentials, flow, forwarding.headers).then(
    (secrets) => send(secrets, true),
    () => answerFailure(res, "credential_unavailable", "The stored credential could not be read."),
  );

  function send(secrets: readonly Secret[], mayRetry: boolean): void {
    if (ended || res.destroyed) return;
    const outgoing = openUpstream(forwarding, secrets, mayRetry);
    upstream = outgoing;
    let answered = false;
    outgoing.setTimeout(FLOW_IDLE_TIMEOUT_MS, () => outgoing.destroy(new Error("the upstream was idle for too long")));
    outgoing.once("response", (answer) => {
      answered = true;
      relayAnswer(answer, secrets);
    });
    outgoing.on("error", (error: Error & { code?: string }) => {
      if (ended) return;
      // A kept connection that the upstream closed at that moment; only what has no body can be sent again.
      if (!answered && mayRetry && outgoing.reusedSocket && error.code === "ECONNRESET") return send(secrets, false);
      if (answered || res.headersSent) return resetSocket(flow.socket);
      answerFailure(
        res,
        "upstream_failed",
        `${flow.host}:${flow.port} could not be reached (${error.code ?? error.message}).`,
      );
    });
    sendBody(outgoing);
  }

  function sendBody(outgoing: ClientRequest): void {
    if (forwarding.request.body === "none") return void outgoing.end();
    if (forwarding.body !== null) return void outgoing.end(forwarding.body);
    if (req.headers.expect !== undefined) res.writeContinue();
    pipeline(req, outgoing, (error) => {
      if (error !== undefined && error !== null && !res.writableEnded) outgoing.destroy();
    });
  }

  function relayAnswer(answer: IncomingMessage, secrets: readonly Secret[]): void {
    const head = answerHead(answer, forwarding.request.method, secrets);
    if (head === null) {
      answer.destroy();
      answerFailure(
        res,
        "upstream_encoded",
        "The answer is compressed against our asking and cannot be searched for credentials.",
      );
      return;
    }
    if ((answer.statusCode ?? 0) < FINAL_STATUS_MIN) {
      answer.destroy();
      answerFailure(res, "upstream_malformed", "The answer's status is none that ends a request.");
      return;
    }
    res.sendDate = false;
    const reason = scrubText(answer.statusMessage ?? "", secrets).replace(NOT_IN_A_REASON, "");
    res.writeHead(answer.statusCode ?? 502, reason, head.flat());
    // A short answer goes out in one piece with its head; a stream that is silent at first shows its head all the same.
    setImmediate(() => {
      if (!res.destroyed) res.flushHeaders();
    });
    answer.on("data", (chunk: Buffer) => {
      bytes.in += chunk.length;
      flow.state.usage.addBytes(settled.rule, chunk.length);
    });
    const done = (error: Error | null | undefined) => {
      if (error !== undefined && error !== null) resetSocket(flow.socket);
    };
    if (secrets.length === 0) pipeline(answer, res, done);
    else pipeline(answer, scrubStream(secrets), res, done);
  }
}

export function openUpstream(forwarding: Outgoing, secrets: readonly Secret[], reuse: boolean): ClientRequest {
  const { context, flow, request, target } = forwarding;
  const named = isIP(flow.host) === 0;
  const common = {
    method: request.method,
    path: request.target,
    host: named ? flow.host : (target.addresses[0] ?? flow.host),
    port: target.port,
    lookup: pinnedLookup(target.addresses),
    setHost: false,
    headers: outgoingHeaders(forwarding, secrets).flat(),
    maxHeaderSize: HEADER_BYTES_MAX * 4,
    insecureHTTPParser: false,
  };
  // A request with a body cannot be sent twice, so it does not take a connection that may just be closing.
  const agent = flow.state.pools.agentFor(
    { secure: flow.secure, host: flow.host, port: target.port },
    reuse && request.body === "none",
  );
  if (!flow.secure) return httpRequest({ ...common, agent });
  const options: HttpsOptions & Pick<ConnectionOptions, "secureContext" | "ALPNProtocols"> = {
    ...common,
    agent,
    secureContext: context.trust,
    rejectUnauthorized: true,
    servername: named ? flow.host : "",
    checkServerIdentity: (_name, certificate) => checkServerIdentity(flow.host, certificate),
    ALPNProtocols: ["http/1.1"],
  };
  return httpsRequest(options);
}

/** Encodings and ranges would let a secret pass unseen: one compressed, the other a byte at a time. */
const DROPPED_WHEN_SCRUBBING = new Set(["accept-encoding", "range", "if-range"]);
const EXPECTS_BODY = new Set(["POST", "PUT", "PATCH"]);

function outgoingHeaders({ flow, request, headers, body }: Outgoing, secrets: readonly Secret[]): HeaderPair[] {
  const usual = flow.port === (flow.secure ? 443 : 80);
  const name = isIP(flow.host) === 6 ? `[${flow.host}]` : flow.host;
  const out: HeaderPair[] = [["Host", usual ? name : `${name}:${flow.port}`]];
  for (const pair of headers) {
    if (secrets.length > 0 && DROPPED_WHEN_SCRUBBING.has(pair[0].toLowerCase())) continue;
    out.push(pair);
  }
  if (secrets.length > 0) out.push(["Accept-Encoding", "identity"]);
  if (body !== null) out.push(["Content-Length", String(body.length)]);
  else if (request.body === "chunked") out.push(["Transfer-Encoding", "chunked"]);
  else if (request.body !== "none") out.push(["Content-Length", String(request.body.bytes)]);
  else if (EXPECTS_BODY.has(request.method)) out.push(["Content-Length", "0"]);
  return out;
}

/** End-to-end headers of the answer, without the secrets; null when the body is encoded although it must be searched. */
export function answerHead(answer: IncomingMessage, method: string, secrets: readonly Secret[]): HeaderPair[] | null {
  const pairs = toPairs(answer.rawHeaders);
  const drop = new Set(nominatedHeaders(pairs));
  const scrubbing = secrets.length > 0;
  const encoding = answer.headers["content-encoding"];
  if (scrubbing && encoding !== undefined && encoding.toLowerCase() !== "identity") return null;
  const bodiless = method === "HEAD" || answer.statusCode === 304 || answer.statusCode === 204;
  return pairs
    .filter(([name]) => {
      const key = name.toLowerCase();
      // Alt-Svc would send the client to ports and protocols that nobody judged.
      if (isHopByHop(key) || drop.has(key) || key === "alt-svc") return false;
      return key !== "content-length" || !scrubbing || bodiless;
    })
    .map(([name, value]) => [name, scrubbing ? scrubText(value, secrets) : value]);
}
