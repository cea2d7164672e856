import type { Duplex } from "node:stream";
import type { HeaderPair } from "../http/headerPair.ts";
import type { Flow } from "../state.ts";
import { envelopeEnds, isEnveloped, mayChangeLength, mediaType } from "./framing.ts";
import { inBlocks, inflaterFor } from "./inflate.ts";
import { type LiveSecrets, scrubPairs, scrubStream, scrubText } from "./scrub.ts";

/** How answers of one place are searched for the secrets that may have gone there; the same for every version of HTTP. */
export interface AnswerScrub {
  /** The request's headers, so that the answer can be searched. */
  asking(headers: readonly HeaderPair[]): HeaderPair[];
  /** Of a head or of trailers. */
  pairs(pairs: readonly HeaderPair[]): HeaderPair[];
  text(text: string): string;
  /** What the body goes through, in this order; null when it cannot be searched. */
  filters(body: { encoding: string | undefined; type: string | undefined }): Duplex[] | null;
  secrets: LiveSecrets;
}

/** True of the body's bytes as they were sent, and no longer of what goes on. */
export const SPEAKS_OF_ENCODED_BODY = new Set([
  "content-encoding",
  "content-md5",
  "digest",
  "content-digest",
  "repr-digest",
  "accept-ranges",
]);
const ENCODINGS = new Set(["accept-encoding", "grpc-accept-encoding", "connect-accept-encoding"]);
/** A range would fetch a secret that the place has kept a byte at a time. */
const RANGES = new Set(["range", "if-range"]);

/** Null: no secret can have gone there. */
export function answerScrub(flow: Flow, request: { headers: readonly HeaderPair[] }): AnswerScrub | null {
  const { credentials, inForce } = flow.state;
  const secrets = credentials.secretsAt(inForce.policy, flow);
  if (secrets === null) return null;
  // AWS keys only sign: what is stored there cannot hold them, and its clients fetch large objects in parts.
  const whole = credentials.injectsAt(inForce.policy, flow);
  // A file that begins like a message may be told to end one in the middle of a secret; so only who speaks this protocol is answered in it.
  const enveloped = isEnveloped(
    mediaType(request.headers.find(([name]) => name.toLowerCase() === "content-type")?.[1]),
  );
  return {
    secrets,
    asking: (headers) => [
      ...headers.filter(([name]) => {
        const key = name.toLowerCase();
        return !ENCODINGS.has(key) && !(whole && RANGES.has(key));
      }),
      ["Accept-Encoding", "identity"],
    ],
    pairs: (pairs) => scrubPairs(pairs, secrets()),
    text: (text) => scrubText(text, secrets(), "latin1"),
    filters({ encoding, type }) {
      const inflater = inflaterFor(encoding);
      if (inflater === null) return null;
      const scrub = scrubStream(secrets, {
        keepLength: !mayChangeLength(type),
        ...(enveloped && isEnveloped(mediaType(type)) ? { wholeAt: envelopeEnds() } : {}),
      });
      return inflater === "none" ? [scrub] : [inflater, inBlocks(), scrub];
    },
  };
}
