/**
 * Which bodies may change their length. gRPC, Connect, event streams of AWS, archives and most other types that are no text put lengths
 * in front of what they hold: a placeholder that is longer or shorter than its secret would make all that follows unreadable.
 */
const TEXT =
  /^(?:text\/[^;]*|application\/(?:(?!grpc|connect)[a-z0-9.!#$&^_-]+\+(?:json|xml|yaml)|json|json-seq|jsonl|ndjson|x-ndjson|xml|xhtml|javascript|x-javascript|ecmascript|yaml|x-yaml|toml|graphql|x-www-form-urlencoded|x-sh))$/;

/** A body without a type counts as text: it is what small servers and error pages send. */
export function mayChangeLength(contentType: string | undefined): boolean {
  const type = mediaType(contentType);
  return type === "" || TEXT.test(type);
}

/** The media type alone, in lower case. */
export const mediaType = (contentType: string | undefined): string =>
  (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** Messages behind lengths of their own, whatever stands in them (`application/grpc-web+json`, `application/connect+json`). */
export const isEnveloped = (type: string): boolean => /^application\/(?:grpc(?!-web-text)|connect\+)/.test(type);

const HEAD_BYTES = 5;
const COMPRESSED = 1;
/** A message; the end of a stream of Connect; the trailers of gRPC-Web. */
const FLAGS = new Set([0, 2, 0x80]);

/**
 * Follows such messages (one byte of flags, four of length) and says of each chunk whether it ends where one ends, so that a message is
 * seen when it is sent. Bytes that are none end that for good. Throws at a compressed message: it cannot be searched.
 */
export function envelopeEnds(): (chunk: Buffer) => boolean {
  let lost = false;
  let left = 0;
  let head: Buffer = Buffer.alloc(0);
  return (chunk) => {
    for (let at = 0; at < chunk.length && !lost; ) {
      if (left > 0) {
        const part = Math.min(left, chunk.length - at);
        left -= part;
        at += part;
        continue;
      }
      const part = chunk.subarray(at, at + HEAD_BYTES - head.length);
      head = Buffer.concat([head, part]);
      at += part.length;
      if (head.length < HEAD_BYTES) continue;
      const flags = head.readUInt8(0);
      if (flags === COMPRESSED) throw new Error("A compressed message cannot be searched for credentials.");
      lost = !FLAGS.has(flags);
      left = head.readUInt32BE(1);
      head = Buffer.alloc(0);
    }
    return !lost && left === 0 && head.length === 0;
  };
}
