/**
 * Which bodies may change their length. gRPC, Connect, event streams of AWS, archives and most other types that are no text put lengths
 * in front of what they hold: a placeholder that is longer or shorter than its secret would make all that follows unreadable.
 */
const TEXT =
  /^(?:text\/[^;]*|application\/(?:(?!grpc|connect)[a-z0-9.!#$&^_-]+\+(?:json|xml|yaml)|json|json-seq|jsonl|ndjson|x-ndjson|xml|xhtml|javascript|x-javascript|ecmascript|yaml|x-yaml|toml|graphql|x-www-form-urlencoded|x-sh))$/;

/** A body without a type counts as text: it is what small servers and error pages send. */
export function mayChangeLength(contentType: string | undefined): boolean {
  const type = (contentType ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return type === "" || TEXT.test(type);
}

/** Messages behind lengths of their own, whatever stands in them (`application/grpc-web+json`, `application/connect+json`). */
export const isEnveloped = (type: string): boolean => /^application\/(?:grpc|connect\+)/.test(type);
