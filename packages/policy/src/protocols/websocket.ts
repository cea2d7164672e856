/**
 * WebSocket: the upgrade by GET, each client text message by `WEBSOCKET_TEXT`, each binary one by `WEBSOCKET_BINARY`. Where rules speak of GraphQL, messages are judged by
 * their operation. Invariant: a message that should carry an operation and cannot be read is denied.
 */
import { isRecord } from "../canonical/record.ts";
import type { CompiledEndpoint } from "../engine/endpoint.ts";
import { headerOf } from "../engine/headers.ts";
import { quoted } from "../engine/quoted.ts";
import { BODY_BYTES_DEFAULT } from "../limits.ts";
import { RequestBody } from "./body.ts";
import { judgeOperations, readPayload } from "./graphql.ts";
import { WEBSOCKET_BINARY as BINARY, httpAllowance, httpDenial, WEBSOCKET_TEXT as TEXT } from "./http.ts";
import type { Clauses, ProtocolRequest, ProtocolVerdict } from "./types.ts";

/** Messages of graphql-transport-ws and graphql-ws that carry no operation. */
const LIFECYCLE = ["connection_init", "connection_terminate", "ping", "pong", "complete", "stop"];
const OPERATION = ["subscribe", "start"];

export function judgeWebSocket(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses?: Clauses | undefined,
): ProtocolVerdict {
  const denied = httpDenial(endpoint, request, clauses?.deny);
  if (denied !== null) return { denied, allowed: null, missing: "" };
  const { key } = endpoint.entry;
  if (request.method === TEXT)
    return endpoint.messages === null ? judgeText(endpoint, request, clauses) : judgeMessage(endpoint, request);
  if (request.method === BINARY) return judgeBinary(endpoint, request, clauses);
  if (request.method !== "GET" || (request.request.headers !== undefined && !opensWebSocket(request.request.headers)))
    return { denied: null, allowed: null, missing: `Entry \`${key}\` speaks WebSocket; the request opens none.` };
  const missing = `Entry \`${key}\` does not allow opening a WebSocket at ${quoted(request.target.path)}.`;
  return { denied: null, allowed: httpAllowance(endpoint, request, clauses?.allow), missing };
}

const opensWebSocket = (headers: Readonly<Record<string, string>>): boolean =>
  headerOf(headers, "upgrade")?.trim().toLowerCase() === "websocket";

/** Why a GraphQL deny rule holds for a message, or null. */
export const messageDenial = (endpoint: CompiledEndpoint, request: ProtocolRequest): string | null =>
  request.method === TEXT && endpoint.messages !== null ? judgeMessage(endpoint, request).denied : null;

function judgeText(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses: Clauses | undefined,
): ProtocolVerdict {
  const { access } = endpoint.endpoint;
  const { key } = endpoint.entry;
  const allowed =
    access === undefined
      ? httpAllowance(endpoint, request, clauses?.allow)
      : access === "read-only"
        ? null
        : `Entry \`${key}\` gives ${access} access.`;
  return {
    denied: null,
    allowed,
    missing: `Entry \`${key}\` does not allow text messages at ${quoted(request.target.path)}.`,
  };
}

/** No rule can read a binary message, so it passes only where everything may be said; denials of texts were asked already. */
function judgeBinary(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses: Clauses | undefined,
): ProtocolVerdict {
  const { access } = endpoint.endpoint;
  const { key } = endpoint.entry;
  const open = endpoint.messages === null && (access === undefined || access === "full");
  const byRule = open && access === undefined ? httpAllowance(endpoint, request, clauses?.allow) : null;
  return {
    denied: null,
    allowed: byRule ?? (open && access === "full" ? `Entry \`${key}\` gives full access.` : null),
    missing: `Entry \`${key}\` does not allow binary messages at ${quoted(request.target.path)}.`,
  };
}

function judgeMessage(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const { key } = endpoint.entry;
  const refuse = (why: string): ProtocolVerdict => ({
    denied: null,
    allowed: null,
    missing: `Entry \`${key}\` judges GraphQL messages, and ${why}.`,
  });
  const message = request.body ?? new RequestBody(request.request);
  if (message.text === undefined) return refuse("the message is not known");
  if (message.isLargerThan(endpoint.endpoint.graphql_max_body_bytes ?? BODY_BYTES_DEFAULT))
    return refuse("the message is too large");
  const parsed = message.json;
  if (!parsed.ok || !isRecord(parsed.value) || typeof parsed.value.type !== "string")
    return refuse("the message cannot be read");
  if (LIFECYCLE.includes(parsed.value.type))
    return { denied: null, allowed: `Entry \`${key}\` allows ${parsed.value.type}.`, missing: "" };
  if (!OPERATION.includes(parsed.value.type)) return refuse("the message is of no known type");
  const operations = readPayload(endpoint, parsed.value.payload);
  if (typeof operations === "string") return refuse(operations);
  return judgeOperations(endpoint, operations);
}
