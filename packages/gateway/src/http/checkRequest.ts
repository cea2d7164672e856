import type { IncomingMessage } from "node:http";
import { canonicalHost, canonicalPath } from "@creel/policy";
import type { HeaderPair } from "../credentials/bindings.ts";
import { HEADER_COUNT_MAX } from "../limits.ts";

/**
 * What Node's parser lets through and a second reader may read differently. Threat: request smuggling and host confusion, by which
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
  /** How the body is framed. */
  body: "none" | "chunked" | { bytes: number };
  upgrade: string | null;
}
export type CheckResult = { request: CheckedRequest } | { problem: string };

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

export function checkRequest(
  req: IncomingMessage,
  endpoint: { host: string; port: number; secure: boolean },
): CheckResult {
  const method = req.method ?? "";
  if (FORBIDDEN_METHODS.has(method)) return { problem: `The method ${method} is not passed on.` };
  const pairs = toPairs(req.rawHeaders);
  if (pairs.length > HEADER_COUNT_MAX) return { problem: `The request has more than ${HEADER_COUNT_MAX} headers.` };
  const problem = hostProblem(pairs, endpoint) ?? headerProblem(pairs) ?? framingProblem(req, pairs);
  if (problem !== null) return { problem };
  const raw = originForm(req.url ?? "", endpoint);
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
      body: bodyOf(pairs),
      upgrade: valuesOf(pairs, "upgrade")[0]?.toLowerCase() ?? null,
    },
  };
}

export function toPairs(raw: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}

export const valuesOf = (pairs: readonly HeaderPair[], name: string): string[] =>
  pairs.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);

export const nominatedHeaders = (pairs: readonly HeaderPair[]): string[] =>
  valuesOf(pairs, "connection")
    .flatMap((value) => value.split(","))
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");

export const isHopByHop = (name: string): boolean => HOP_BY_HOP.has(name.toLowerCase());

function hostProblem(
  pairs: readonly HeaderPair[],
  endpoint: { host: string; port: number; secure: boolean },
): string | null {
  const hosts = valuesOf(pairs, "host");
  const host = hosts[0];
  if (hosts.length !== 1 || host === undefined) return "The request must have exactly one Host header.";
  return sameAuthority(host, endpoint)
    ? null
    : `The Host header says ${host}, the connection is to ${endpoint.host}:${endpoint.port}.`;
}

/** `name[:port]`, nothing else: no user, no list, no path. The port may be left out only where it is the scheme's own. */
function sameAuthority(text: string, endpoint: { host: string; port: number; secure: boolean }): boolean {
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

function framingProblem(req: IncomingMessage, pairs: readonly HeaderPair[]): string | null {
  const encodings = valuesOf(pairs, "transfer-encoding");
  const lengths = valuesOf(pairs, "content-length");
  if (encodings.length > 0 && req.httpVersion !== "1.1") return "Transfer-Encoding needs HTTP/1.1.";
  if (encodings.length > 1 || (encodings[0] ?? "chunked").toLowerCase() !== "chunked")
    return "The body's encoding is not plain chunked.";
  if (encodings.length > 0 && lengths.length > 0) return "The request has both Transfer-Encoding and Content-Length.";
  if (lengths.length > 1 || (lengths[0] !== undefined && !/^\d{1,15}$/.test(lengths[0])))
    return "The Content-Length is not one number.";
  return null;
}

function bodyOf(pairs: readonly HeaderPair[]): CheckedRequest["body"] {
  if (valuesOf(pairs, "transfer-encoding").length > 0) return "chunked";
  const length = valuesOf(pairs, "content-length")[0];
  return length === undefined ? "none" : { bytes: Number(length) };
}

/** Absolute-form is taken only when it says the same scheme and authority as the connection (RFC 9112 3.2.2). */
function originForm(url: string, endpoint: { host: string; port: number; secure: boolean }): string | null {
  if (url.startsWith("/")) return url;
  const match = /^(https?):\/\/([^/?#]*)([/?].*)?$/i.exec(url);
  if (match === null) return null;
  const secure = match[1]?.toLowerCase() === "https";
  if (secure !== endpoint.secure || !sameAuthority(match[2] ?? "", endpoint)) return null;
  const rest = match[3] ?? "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}
