import { createHash } from "node:crypto";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { type HeaderPair, valuesOf } from "../http/headerPair.ts";

/** RFC 6455 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/** Sixteen bytes in base64. */
const KEY = /^[A-Za-z0-9+/]{22}==$/;

/** The request as it is judged and sent: with the headers that make it an upgrade. Null when it is not a WebSocket's. */
export function asWebSocket(request: CheckedRequest): CheckedRequest | null {
  if (request.upgrade !== "websocket" || request.method !== "GET" || request.body !== "none") return null;
  const upgrade: HeaderPair[] = [
    ["Connection", "Upgrade"],
    ["Upgrade", "websocket"],
  ];
  // Compressed messages could be neither judged nor searched for credentials, and every client does without compression.
  const kept = request.headers.filter(([name]) => name.toLowerCase() !== "sec-websocket-extensions");
  return { ...request, headers: [...kept, ...upgrade] };
}

/** Why messages of this WebSocket could be framed otherwise than RFC 6455 says, or null. */
export function offerProblem({ headers }: CheckedRequest): string | null {
  const versions = valuesOf(headers, "sec-websocket-version");
  const keys = valuesOf(headers, "sec-websocket-key");
  const sound = versions.length === 1 && versions[0] === "13" && keys.length === 1 && KEY.test(keys[0] ?? "");
  return sound ? null : "This WebSocket's messages are judged, and it does not ask for version 13 with a sound key.";
}

/** Whether the server took exactly what was offered: this key, no extension. */
export function isPlainAcceptance(request: CheckedRequest, pairs: readonly HeaderPair[]): boolean {
  const [key = ""] = valuesOf(request.headers, "sec-websocket-key");
  const expected = createHash("sha1").update(`${key}${ACCEPT_SUFFIX}`).digest("base64");
  const accepts = valuesOf(pairs, "sec-websocket-accept");
  return accepts.length === 1 && accepts[0] === expected && valuesOf(pairs, "sec-websocket-extensions").length === 0;
}
