/**
 * WebSocket: the upgrade by GET, each client text message by `WEBSOCKET_TEXT`. Where rules speak of GraphQL, messages are judged by
 * their operation. Invariant: a message that should carry an operation and cannot be read is denied.
 */
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import { type ClauseIndex, compileClauses } from "../engine/clause.ts";
import type { CompiledEndpoint } from "../engine/compile.ts";
import { BODY_BYTES_DEFAULT } from "../limits.ts";
import type { Clause } from "../model.ts";
import { judgeOperations, readPayload } from "./graphql.ts";
import { httpAllowance, httpDenial, isUpgrade } from "./http.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";

const TEXT = "WEBSOCKET_TEXT";
/** Messages of graphql-transport-ws and graphql-ws that carry no operation. */
const LIFECYCLE = ["connection_init", "connection_terminate", "ping", "pong", "complete", "stop"];
const OPERATION = ["subscribe", "start"];

export function judgeWebSocket(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const denied = httpDenial(endpoint, request);
  if (denied !== null) return { denied, allowed: null, missing: "" };
  const { key } = endpoint.entry;
  if (request.method === TEXT)
    return speaksGraphql(endpoint) ? judgeMessage(endpoint, request) : judgeText(endpoint, request);
  const missing = `Entry \`${key}\` does not allow opening a WebSocket at ${request.target.path}.`;
  if (request.method !== "GET" || (request.request.headers !== undefined && !isUpgrade(request)))
    return { denied: null, allowed: null, missing: `Entry \`${key}\` speaks WebSocket; the request opens none.` };
  return { denied: null, allowed: httpAllowance(endpoint, request), missing };
}

function judgeText(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const { access } = endpoint.endpoint;
  const { key } = endpoint.entry;
  const allowed =
    access === undefined
      ? httpAllowance(endpoint, request)
      : access === "read-only"
        ? null
        : `Entry \`${key}\` gives ${access} access.`;
  return { denied: null, allowed, missing: `Entry \`${key}\` does not allow text messages at ${request.target.path}.` };
}

const isGraphql = (clause: Clause): boolean => clause.operation_type !== undefined;
const speaksGraphql = ({ endpoint }: CompiledEndpoint): boolean =>
  (endpoint.rules ?? []).some((rule) => isGraphql(rule.allow)) || (endpoint.deny_rules ?? []).some(isGraphql);

function judgeMessage(endpoint: CompiledEndpoint, { request }: ProtocolRequest): ProtocolVerdict {
  const { key } = endpoint.entry;
  const refuse = (why: string): ProtocolVerdict => ({
    denied: null,
    allowed: null,
    missing: `Entry \`${key}\` judges GraphQL messages, and ${why}.`,
  });
  if (request.body === undefined) return refuse("the message is not known");
  if (request.body.length > (endpoint.endpoint.graphql_max_body_bytes ?? BODY_BYTES_DEFAULT))
    return refuse("the message is too large");
  const parsed = readJson(request.body);
  if (!parsed.ok || !isRecord(parsed.value) || typeof parsed.value.type !== "string")
    return refuse("the message cannot be read");
  if (LIFECYCLE.includes(parsed.value.type))
    return { denied: null, allowed: `Entry \`${key}\` allows ${parsed.value.type}.`, missing: "" };
  if (!OPERATION.includes(parsed.value.type)) return refuse("the message is of no known type");
  const operations = readPayload(endpoint, parsed.value.payload);
  if (typeof operations === "string") return refuse(operations);
  return judgeOperations(graphqlOnly(endpoint), operations);
}

/** The endpoint with its GraphQL clauses alone; those of HTTP say nothing about an operation. */
function graphqlOnly(endpoint: CompiledEndpoint): CompiledEndpoint {
  const only = (clauses: readonly Clause[], deny: boolean): ClauseIndex =>
    compileClauses(clauses.filter(isGraphql), { deny });
  return {
    ...endpoint,
    allow: only(
      (endpoint.endpoint.rules ?? []).map((rule) => rule.allow),
      false,
    ),
    deny: only(endpoint.endpoint.deny_rules ?? [], true),
  };
}
