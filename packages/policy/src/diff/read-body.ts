/** The one call or operation that a body carries, read as the protocols read it. */
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import { headerOf } from "../engine/headers.ts";
import type { JudgedTarget } from "../engine/target.ts";
import { parseGraphql } from "../protocols/graphql-parse.ts";
import type { PolicyRequest } from "../types.ts";

export interface ReadBody {
  /** Whether the request announces or carries a body. */
  present: boolean;
  /** A JSON-RPC 2.0 message; `method` null is an answer. */
  call: { method: string | null; params: unknown } | null;
  operation: { type: "query" | "mutation" | "subscription"; name: string | null; fields: string[] } | null;
  /** The id of a stored operation. */
  persisted: string | null;
  /** Of a GraphQL message over WebSocket: "lifecycle" where it carries no operation. */
  message: "lifecycle" | "operation" | null;
}

const NOTHING = { call: null, operation: null, persisted: null, message: null };
export const UNREAD_BODY: ReadBody = { present: true, ...NOTHING };
const LIFECYCLE = ["connection_init", "connection_terminate", "ping", "pong", "complete", "stop"];

export function readBody(request: PolicyRequest, target: JudgedTarget | null): ReadBody {
  const { body, headers } = request;
  const present =
    (body !== undefined && body !== "") ||
    (headers !== undefined &&
      (headerOf(headers, "transfer-encoding") !== undefined ||
        !/^0?$/.test(headerOf(headers, "content-length") ?? "")));
  const method = request.method?.toUpperCase();
  const inUrl = method === "GET" || method === "HEAD";
  if (inUrl && (body === undefined || body === ""))
    return { ...NOTHING, present, ...operationOf(queryPayload(target)) };
  const parsed = body === undefined ? null : readJson(body);
  const single = parsed?.ok === true ? unwrap(parsed.value) : undefined;
  if (!isRecord(single)) return { ...NOTHING, present };
  if (method === "WEBSOCKET_TEXT" && typeof single.type === "string") {
    if (LIFECYCLE.includes(single.type)) return { ...NOTHING, present, message: "lifecycle" };
    if (single.type !== "subscribe" && single.type !== "start") return { ...NOTHING, present };
    return { ...NOTHING, present, ...operationOf(single.payload), message: "operation" };
  }
  // A GET carries an operation in its query alone; with a body it has no single reading.
  return { ...NOTHING, present, call: callOf(single), ...(inUrl ? {} : operationOf(single)) };
}

function queryPayload(target: JudgedTarget | null): Record<string, unknown> {
  const payload: Record<string, unknown> = Object.fromEntries(target?.query ?? []);
  if (typeof payload.extensions !== "string") return payload;
  const extensions = readJson(payload.extensions);
  return { ...payload, extensions: extensions.ok ? extensions.value : undefined };
}

const unwrap = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

function callOf(message: Record<string, unknown>): ReadBody["call"] {
  if (message.jsonrpc !== "2.0") return null;
  const answers = "result" in message || "error" in message;
  if (typeof message.method === "string" && !answers) return { method: message.method, params: message.params };
  return message.method === undefined && answers ? { method: null, params: undefined } : null;
}

function operationOf(payload: unknown): Pick<ReadBody, "operation" | "persisted"> {
  const nothing = { operation: null, persisted: null };
  if (!isRecord(payload)) return nothing;
  const wanted = payload.operationName;
  if (wanted !== undefined && wanted !== null && typeof wanted !== "string") return nothing;
  if (typeof payload.query !== "string" || payload.query === "") return { ...nothing, persisted: persistedOf(payload) };
  const operations = parseGraphql(payload.query)?.operations ?? [];
  const named =
    typeof wanted === "string" && wanted !== ""
      ? operations.filter((operation) => operation.name === wanted)
      : operations;
  const [only] = named;
  return named.length === 1 && only !== undefined ? { ...nothing, operation: only } : nothing;
}

function persistedOf(payload: Record<string, unknown>): string | null {
  const stored = isRecord(payload.extensions) ? payload.extensions.persistedQuery : undefined;
  const ids = [isRecord(stored) ? stored.sha256Hash : undefined, payload.id, payload.documentId];
  const [id, ...others] = ids.filter((one) => one !== undefined);
  return typeof id === "string" && others.length === 0 ? id : null;
}
