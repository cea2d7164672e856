/** From the parts that dimensions contribute to one request, as a program would send it. */
import type { PolicyRequest } from "../types.ts";

export type Payload =
  /** A JSON-RPC message. */
  | { kind: "json"; value: unknown }
  /** A GraphQL request, which GET carries in its query and WebSocket in an envelope. */
  | { kind: "graphql"; value: Record<string, unknown> }
  | { kind: "text"; value: string };

export interface Draft {
  base: PolicyRequest;
  nowMs: number;
  query: readonly (readonly [string, string])[];
  headers: Readonly<Record<string, string>>;
  /** False: the headers are not known. */
  headersKnown: boolean;
  payload: Payload | null;
  /** Announced where there is no payload, reached by spaces where there is one; null cannot be known. */
  bytes: number | null | undefined;
}
export type Part = (draft: Draft) => Draft;

export const unchanged: Part = (draft) => draft;

export const draftOf = (base: PolicyRequest, nowMs: number): Draft => ({
  base,
  nowMs,
  query: [],
  headers: {},
  headersKnown: true,
  payload: null,
  bytes: undefined,
});

export function requestOf(draft: Draft): PolicyRequest {
  const { base, payload, bytes } = draft;
  const method = base.method;
  const inUrl = payload?.kind === "graphql" && (method === "GET" || method === "HEAD");
  const query = inUrl ? [...draft.query, ...parametersOf(payload.value)] : draft.query;
  const body = inUrl || payload === null ? undefined : bodyOf(payload, method);
  // A query stands behind a path; where a dimension of its own is tried, any path will do.
  const path =
    query.length === 0
      ? base.path
      : `${base.path ?? "/"}?${query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&")}`;
  const headers = { ...draft.headers, ...(body === undefined ? sizeHeaders(bytes) : {}) };
  return {
    ...base,
    ...(path === undefined ? {} : { path }),
    ...(draft.headersKnown ? { headers } : {}),
    ...(body === undefined ? {} : { body: body.padEnd(bytes ?? 0, " ") }),
  };
}

function sizeHeaders(bytes: number | null | undefined): Record<string, string> {
  if (bytes === undefined) return {};
  return bytes === null ? { "transfer-encoding": "chunked" } : { "content-length": String(bytes) };
}

const parametersOf = (value: Record<string, unknown>): [string, string][] =>
  Object.entries(value).map(([name, item]) => [name, typeof item === "string" ? item : JSON.stringify(item)]);

function bodyOf(payload: Payload, method: string | undefined): string {
  if (payload.kind === "text") return payload.value;
  if (payload.kind === "graphql" && method === "WEBSOCKET_TEXT")
    return JSON.stringify({ type: "subscribe", payload: payload.value });
  return JSON.stringify(payload.value);
}
