import type { HeaderPair } from "./headerPair.ts";

/**
 * gRPC over HTTP/2: an error without a body is a head that is also the end ("Trailers-Only"), with status 200 and the outcome in
 * `grpc-status`. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
const CONTENT_TYPE = /^application\/grpc(?:$|[+;])/i;
const STATUS = { denied: 7, failed: 14 } as const;
const MESSAGE_CHARS_MAX = 1024;

export const isGrpc = (headers: readonly HeaderPair[]): boolean =>
  headers.some(([name, value]) => name.toLowerCase() === "content-type" && CONTENT_TYPE.test(value));

/** PERMISSION_DENIED, or UNAVAILABLE, with the reason where every client shows it. */
export function grpcStatus(why: keyof typeof STATUS, reason: string): HeaderPair[] {
  return [
    ["content-type", "application/grpc"],
    ["grpc-status", String(STATUS[why])],
    ["grpc-message", percentEncode(reason.slice(0, MESSAGE_CHARS_MAX))],
  ];
}

const percentEncode = (text: string): string =>
  Buffer.from(text, "utf8").reduce(
    (out, byte) =>
      out +
      (byte >= 0x20 && byte <= 0x7e && byte !== 0x25
        ? String.fromCharCode(byte)
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`),
    "",
  );
