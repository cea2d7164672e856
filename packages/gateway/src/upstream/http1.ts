import { type ClientRequest, request as httpRequest } from "node:http";
import { type RequestOptions as HttpsOptions, request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import { type ConnectionOptions, checkServerIdentity, type TLSSocket } from "node:tls";
import { type CheckedRequest, toPairs } from "../http/checkRequest.ts";
import type { HeaderPair } from "../http/headerPair.ts";
import { FLOW_IDLE_TIMEOUT_MS, HEADER_BYTES_MAX, UPSTREAM_TURN_TIMEOUT_MS } from "../limits.ts";
import type { Context, Flow } from "../state.ts";
import { pinnedLookup } from "./lookup.ts";
import type { Target } from "./resolve.ts";
import { NO_TURN, type UpstreamCall, type UpstreamEvents } from "./upstreamCall.ts";

/** One judged request on its way to the addresses that were judged. */
export interface Sending {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  target: Target;
  /** Everything but the place: credentials in place, framing included. */
  headers: readonly HeaderPair[];
}

/** Where the request goes, as Host and :authority say it. */
export function authorityOf({ host, port, secure }: { host: string; port: number; secure: boolean }): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === (secure ? 443 : 80) ? name : `${name}:${port}`;
}

/** RFC 9110 9.2.1. What is merely idempotent may still be seen twice, so a second DELETE answers 404 to a first that had its way. */
const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE"]);

/** `socket`: a connection that was dialled for this request already. */
export function openHttp1(sending: Sending, how: { reuse: boolean; socket?: TLSSocket }): ClientRequest {
  const { context, flow, request, target } = sending;
  const named = isIP(flow.host) === 0;
  const { reuse, socket } = how;
  const headers: HeaderPair[] = [["Host", authorityOf(flow)], ...sending.headers];
  const measured = sending.headers.some(([name]) => name.toLowerCase() === "content-length");
  if (request.body === "chunked" && !measured) headers.push(["Transfer-Encoding", "chunked"]);
  const common = {
    method: request.method,
    path: request.target,
    host: named ? flow.host : (target.addresses[0] ?? flow.host),
    port: target.port,
    lookup: pinnedLookup(target.addresses),
    setHost: false,
    headers: headers.flat(),
    maxHeaderSize: HEADER_BYTES_MAX * 4,
    insecureHTTPParser: false,
  };
  // What may not be done twice does not take a connection that may just be closing, because nobody could tell whether it was done.
  const repeatable = request.body === "none" && SAFE_METHODS.has(request.method);
  const agent = flow.state.pools.agentFor(
    { secure: flow.secure, host: flow.host, port: target.port },
    reuse && repeatable,
  );
  if (!flow.secure) return httpRequest({ ...common, agent });
  const options: HttpsOptions & Pick<ConnectionOptions, "secureContext" | "ALPNProtocols"> = {
    ...common,
    ...(socket === undefined ? { agent } : { createConnection: () => socket }),
    secureContext: context.trust,
    rejectUnauthorized: true,
    servername: named ? flow.host : "",
    checkServerIdentity: (_name, certificate) => checkServerIdentity(flow.host, certificate),
    ALPNProtocols: ["http/1.1"],
  };
  return httpsRequest(options);
}

export function sendHttp1(
  sending: Sending,
  how: { reuse: boolean; socket?: TLSSocket },
  events: UpstreamEvents,
): UpstreamCall {
  const outgoing = openHttp1(sending, how);
  outgoing.setTimeout(FLOW_IDLE_TIMEOUT_MS, () => outgoing.destroy(new Error("the upstream was idle for too long")));
  let over = false;
  // The agent gives a connection at once, or never while all are taken by answers that stay open.
  const turn = setTimeout(() => outgoing.destroy(new Error(NO_TURN)), UPSTREAM_TURN_TIMEOUT_MS);
  outgoing.once("socket", () => clearTimeout(turn));
  outgoing.once("close", () => clearTimeout(turn));
  outgoing.once("response", (answer) => {
    over = true;
    const { statusCode = 0, statusMessage = "", rawHeaders } = answer;
    events.onAnswer({
      status: statusCode,
      reason: statusMessage,
      headers: toPairs(rawHeaders),
      body: answer,
      whole: () => answer.complete,
      ended: false,
      trailers: () => toPairs(answer.rawTrailers),
    });
  });
  outgoing.on("error", (error: Error & { code?: string }) => {
    if (over) return;
    over = true;
    // A kept connection that the upstream closed at that moment.
    const untouched = outgoing.reusedSocket && error.code === "ECONNRESET";
    events.onFailure({ message: error.code ?? error.message, untouched, code: null });
  });
  // Trailers of a request are not passed on to HTTP/1: servers merge them into the head that was judged without them.
  return { body: outgoing, destroy: () => void outgoing.destroy() };
}
