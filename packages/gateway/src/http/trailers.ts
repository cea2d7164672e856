import type { SandboxCredential } from "../credentials/credential.ts";
import type { HeaderPair } from "./headerPair.ts";
import { headersProblem } from "./http2Head.ts";

/**
 * What a client sends behind its body. Threat: a server that merges trailers into the head reads a request that nobody judged, because
 * rules saw the head without them. Invariant: nothing that routes, frames or authenticates a request (RFC 9110 6.5.1), and no
 * credential's placeholder, passes in a trailer.
 */
const NOT_A_TRAILER =
  /^(?:authorization|proxy-.*|cookie|set-cookie|host|forwarded|x-forwarded-.*|x-real-ip|expect|te|trailer|max-forwards|range|if-.*|content-.*|cache-control|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|grpc-timeout|grpc-encoding)$/;

export function readTrailers(
  trailers: readonly HeaderPair[],
  credentials: readonly SandboxCredential[],
): { trailers: readonly HeaderPair[] } | { problem: string } {
  const problem = headersProblem(trailers);
  if (problem !== null) return { problem: `In the trailers: ${problem}` };
  const misplaced = trailers.find(([name]) => NOT_A_TRAILER.test(name));
  if (misplaced !== undefined)
    return { problem: `The header ${misplaced[0]} stands behind the body, where it was not judged.` };
  const held = credentials.some(({ placeholder }) => trailers.some(([, value]) => value.includes(placeholder)));
  return held
    ? { problem: "A trailer carries a credential's placeholder; it may stand in a header only." }
    : { trailers };
}
