import type { Duplex } from "node:stream";
import { type AnswerScrub, SPEAKS_OF_ENCODED_BODY } from "../credentials/ofAnswer.ts";
import type { AnswerLines } from "../http1/head.ts";
import type { UpstreamAnswer } from "../upstream/upstreamCall.ts";
import { type CheckedRequest, isHopByHop, nominatedHeaders, valuesOf } from "./checkRequest.ts";
import type { HeaderPair } from "./headerPair.ts";

/**
 * What goes past us of a head, either way. Threat: a field that speaks of one connection is taken for one of the next, or an answer carries
 * a secret back. Invariant: only end-to-end fields pass; what is added says the length of the very body that follows.
 */
export const NOT_IN_A_REASON = /[^\t\x20-\x7e\x80-\xff]/g;

const EXPECTS_BODY = new Set(["POST", "PUT", "PATCH"]);

export function outgoingHeaders(
  { request, body }: { request: CheckedRequest; body: Buffer | null },
  scrub: AnswerScrub | null,
): HeaderPair[] {
  const out: HeaderPair[] = scrub?.asking(request.headers) ?? [...request.headers];
  if (body !== null) out.push(["Content-Length", String(body.length)]);
  else if (typeof request.body === "object") out.push(["Content-Length", String(request.body.bytes)]);
  else if (request.body === "none" && EXPECTS_BODY.has(request.method)) out.push(["Content-Length", "0"]);
  return out;
}

/** For answers that have no body of their own. */
export function answerHead(answer: AnswerLines, method: string, scrub: AnswerScrub | null): HeaderPair[] {
  return answerHeaders({ ...answer, ended: true }, method, scrub)?.headers ?? [];
}

/** End-to-end headers of the answer, without the secrets, and what its body goes through; null when it cannot be searched. */
export function answerHeaders(
  answer: Pick<UpstreamAnswer, "status" | "headers" | "ended">,
  method: string,
  scrub: AnswerScrub | null,
): { headers: HeaderPair[]; filters: Duplex[] } | null {
  const drop = new Set(nominatedHeaders(answer.headers));
  const encoding = valuesOf(answer.headers, "content-encoding").join(",");
  const bodiless = method === "HEAD" || answer.status === 304 || answer.status === 204;
  const [type] = valuesOf(answer.headers, "content-type");
  const filters = scrub === null || bodiless || answer.ended ? [] : scrub.filters({ encoding, type });
  const packed = valuesOf(answer.headers, "grpc-encoding").some((value) => value.toLowerCase() !== "identity");
  if (filters === null || (scrub !== null && packed)) return null;
  const inflated = filters.length > 1;
  const headers = answer.headers.filter(([name]) => {
    const key = name.toLowerCase();
    // Alt-Svc would send the client to ports and protocols that nobody judged.
    if (isHopByHop(key) || drop.has(key) || key === "alt-svc") return false;
    if (inflated && SPEAKS_OF_ENCODED_BODY.has(key)) return false;
    return key !== "content-length" || scrub === null || bodiless;
  });
  return { headers: scrub?.pairs(headers) ?? headers, filters };
}

export function answerTrailers(answer: UpstreamAnswer, scrub: AnswerScrub | null): HeaderPair[] {
  const trailers = answer.trailers().filter(([name]) => !isHopByHop(name));
  return scrub?.pairs(trailers) ?? trailers;
}
