import { canonicalHost, canonicalPath } from "@creel/policy";
import { HEADER_COUNT_MAX } from "../limits.ts";
import { ambiguousHeader } from "./ambiguousHeaders.ts";
import type { RequestHead } from "./call.ts";
import { type HeaderPair, valuesOf } from "./headerPair.ts";
import { readHttp2Head } from "./http2Head.ts";

/**
 * What Node's parsers let through and a second reader may read differently. Threat: request smuggling and host confusion, by which
 * the gateway judges one request and the upstream serves another. Invariant: what comes out of here has one host (the connection's),
 * one canonical target, one body length, and is exactly what will be forwarded.
 */
export interface CheckedRequest {
  method: string;
  /** Canonical, without the query. */
  path: string;
  /** Path and query, as judged and as forwarded. */
  target: string;
  /** End-to-end headers without Host and framing. */
  headers: HeaderPair[];
  /** How the body is framed; "chunked": its length is known at its end only. */
  body: "none" | "chunked" | { bytes: number };
  upgrade: string | null;
  /** The client takes trailers (`TE: trailers`), which gRPC servers insist on. */
  takesTrailers: boolean;
}
/** `status`: what the client is told where 403 would mislead it. */
export type CheckResult = { request: CheckedRequest } | { problem: string; status?: number };

export interface RequestEndpoint {
  host: string;
  port: number;
  secure: boolean;
}

const FORBIDDEN_METHODS = new Set(["TRACE", "CONNECT", "TRACK", "PRI"]);
/** Frameworks that obey these would serve another method than the one judged. */
const METHOD_OVERRIDES = new Set(["x-http-method-override", "x-http-method", "x-method-override"]);
/** RFC 9110 7.6.1 and old proxies' inventions; they speak of one hop only. */
const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
  "expect",
]);
/** A client that names these hop-by-hop wants the next reader not to see them. */
const NOT_NOMINATED = new Set(["host", "content-length", "content-type", "authorization", "cookie"]);
const FRAMING = new Set(["host", "content-length"]);

export function checkRequest(head: RequestHead, endpoint: RequestEndpoint): CheckResult {
  const { method } = head;
  if (FORBIDDEN_METHODS.has(method)) return { problem: `The method ${method} is not passed on.` };
  if (head.headers.length > HEADER_COUNT_MAX)
    return { problem: `The request has more than ${HEADER_COUNT_MAX} headers.` };
  const read = head.pseudo === null ? { pairs: head.headers } : readHttp2Head(head, head.pseudo, endpoint);
  if ("problem" in read) return read;
  const { pairs } = read;
  const problem =
    hostProblem(pairs, endpoint) ?? headerProblem(pairs) ?? ambiguousHeader(pairs) ?? framingProblem(head, pairs);
  if (problem !== null) return head.pseudo === null ? { problem } : { problem, ...misdirected(pairs, endpoint) };
  const raw = head.pseudo === null || head.target.startsWith("/") ? originForm(head.target, endpoint) : null;
  const canonical = raw === null ? null : canonicalPath(raw, { allowEncodedSlash: true });
  if (canonical === null) return { problem: "The request target is not an unambiguous path on this host." };
  const nominated = nominatedHeaders(pairs);
  if (nominated.some((name) => NOT_NOMINATED.has(name)))
    return { problem: "The Connection header names a header that belongs to the request." };
  const drop = new Set([...HOP_BY_HOP, ...nominated]);
  return {
    request: {
      method,
      path: canonical.path,
      target: canonical.query === "" ? canonical.path : `${canonical.path}?${canonical.query}`,
      headers: pairs.filter(([name]) => !drop.has(name.toLowerCase()) && !FRAMING.has(name.toLowerCase())),
      body: bodyOf(head, pairs),
      upgrade: valuesOf(pairs, "upgrade")[0]?.toLowerCase() ?? null,
      takesTrailers: valuesOf(pairs, "te").some((value) => value.toLowerCase() === "trailers"),
    },
  };
}

export { valuesOf };

export const nominatedHeaders = (pairs: readonly HeaderPair[]): string[] =>
  valuesOf(pairs, "connection")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");

export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name.toLowerCase());

function hostProblem(pairs: readonly HeaderPair[], endpoint: RequestEndpoint): string | null {
  const hosts = valuesOf(pairs, "host");
  const host = hosts[0];
  if (hosts.length !== 1 || host === undefined) return "The request must have exactly one Host header.";
  return sameAuthority(host, endpoint)
    ? null
    : `The Host header says ${host}, the connection is to ${endpoint.host}:${endpoint.port}.`;
}

/** Another authority on a connection of HTTP/2 is what 421 was made for (RFC 9110 15.5.20): the client may ask on its own connection. */
const misdirected = (pairs: readonly HeaderPair[], endpoint: RequestEndpoint) =>
  hostProblem(pairs, endpoint) === null ? {} : { status: 421 };

/** `name[:port]`, nothing else: no user, no list, no path. The port may be left out only where it is the scheme's own. */
function sameAuthority(text: string, endpoint: RequestEndpoint): boolean {
  const match = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text);
  if (match === null || canonicalHost(match[1] ?? "") !== endpoint.host) return false;
  const port = match[2] === undefined ? (endpoint.secure ? 443 : 80) : Number(match[2]);
  return port === endpoint.port;
}

function headerProblem(pairs: readonly HeaderPair[]): string | null {
  for (const [name, value] of pairs) {
    const key = name.toLowerCase();
    if (METHOD_OVERRIDES.has(key)) return `The header ${key} asks for another method than the request's own.`;
    if (key === "expect" && value.toLowerCase() !== "100-continue")
      return "The Expect header asks for something unknown.";
  }
  return null;
}

function framingProblem(head: RequestHead, pairs: readonly HeaderPair[]): string | null {
  const encodings = valuesOf(pairs, "transfer-encoding");
  const lengths = valuesOf(pairs, "content-length");
  if (encodings.length > 0 && head.version !== "1.1") return "Transfer-Encoding needs HTTP/1.1.";
  if (encodings.length > 1 || (encodings[0] ?? "chunked").toLowerCase() !== "chunked")
    return "The body's encoding is not plain chunked.";
  if (encodings.length > 0 && lengths.length > 0) return "The request has both Transfer-Encoding and Content-Length.";
  if (lengths.length > 1 || (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])))
    return "The Content-Length is not one number.";
  return null;
}

function bodyOf(head: RequestHead, pairs: readonly HeaderPair[]): CheckedRequest["body"] {
  if (valuesOf(pairs, "transfer-encoding").length > 0) return "chunked";
  const length = valuesOf(pairs, "content-length")[0];
  if (length !== undefined) return { bytes: Number(length) };
  return head.version === "2" && !head.ended ? "chunked" : "none";
}

/** Absolute-form is taken only when it says the same scheme and authority as the connection (RFC 9112 3.2.2). */
function originForm(url: string, endpoint: RequestEndpoint): string | null {
  if (url.startsWith("/")) return url;
  const match = /^(https?):\/\/([^/?#]*)([/?].*)?$/i.exec(url);
  if (match === null) return null;
  const secure = match[1]?.toLowerCase() === "https";
  if (secure !== endpoint.secure || !sameAuthority(match[2] ?? "", endpoint)) return null;
  const rest = match[3] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
