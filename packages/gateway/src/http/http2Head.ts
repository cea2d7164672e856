import { HEADER_BYTES_MAX } from "../limits.ts";
import type { RequestHead } from "./call.ts";
import type { HeaderPair } from "./headerPair.ts";

/**
 * A head of HTTP/2 read as the same head of HTTP/1.1. Threat: what binary framing can carry and text cannot (a line break in a value,
 * a name with a colon, a header that frames the body) becomes a second request when an upstream speaks HTTP/1.1; two authorities in one
 * head. nghttp2 refuses most of it; this does not rest on that. Invariant: what comes out can be written in either version and is read
 * in both as the same request.
 */
export type Http2Read = { pairs: HeaderPair[] } | { problem: string; status?: number };

/** RFC 9110 5.6.2 without upper case (RFC 9113 8.2.1). */
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** RFC 9110 5.5, and no white space around it, which HTTP/1 would drop after it was judged. */
const VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/;
const METHOD = /^[A-Z][A-Z-]*$/;
/** RFC 9113 8.2.2: they speak of an HTTP/1 connection. */
const CONNECTION_SPECIFIC = new Set(["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]);
/** A list of their values has another meaning than one value, so twice is a contradiction. */
const SINGLE = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "range",
  "te",
]);
/** Counted per header beside name and value, as RFC 9113 10.5.1 does. */
const HEADER_OVERHEAD_BYTES = 32;

export function readHttp2Head(
  head: RequestHead,
  pseudo: NonNullable<RequestHead["pseudo"]>,
  endpoint: { secure: boolean },
): Http2Read {
  if (!METHOD.test(head.method)) return { problem: "The method is not one of HTTP's." };
  if (pseudo.scheme !== (endpoint.secure ? "https" : "http"))
    return { problem: `The request's scheme is ${pseudo.scheme}, the connection's is not.`, status: 421 };
  const problem = headersProblem(head.headers);
  if (problem !== null) return { problem };
  const hosts = head.headers.filter(([name]) => name === "host").map(([, value]) => value);
  const { authority } = pseudo;
  if (authority !== null && hosts.some((host) => host.toLowerCase() !== authority.toLowerCase()))
    return { problem: "The Host header and :authority name two places.", status: 421 };
  const host = authority ?? hosts[0];
  const pairs = joined(head.headers.filter(([name]) => name !== "host"));
  return { pairs: host === undefined ? pairs : [["host", host], ...pairs] };
}

export function headersProblem(headers: readonly HeaderPair[]): string | null {
  let bytes = 0;
  const seen = new Set<string>();
  for (const [name, value] of headers) {
    bytes += name.length + value.length + HEADER_OVERHEAD_BYTES;
    if (!NAME.test(name)) return "A header's name is not one that HTTP/1.1 could carry.";
    if (!VALUE.test(value)) return `The value of header ${name} is not one that HTTP/1.1 could carry.`;
    if (CONNECTION_SPECIFIC.has(name)) return `The header ${name} has no place in HTTP/2.`;
    if (name === "te" && value.toLowerCase() !== "trailers") return "The TE header may say `trailers` only.";
    if (SINGLE.has(name) && seen.has(name)) return `The header ${name} stands there twice.`;
    seen.add(name);
  }
  return bytes > HEADER_BYTES_MAX ? `Its headers are larger than ${HEADER_BYTES_MAX} bytes.` : null;
}

/** One line a name, in the place of the first: crumbs of a cookie by `; ` (RFC 9113 8.2.3), everything else as RFC 9110 5.3 reads it. */
function joined(headers: readonly HeaderPair[]): HeaderPair[] {
  const values = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}${name === "cookie" ? "; " : ", "}${value}`);
  }
  return [...values];
}
