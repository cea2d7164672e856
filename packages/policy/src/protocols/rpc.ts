/**
 * JSON-RPC and MCP by the body. Threat: a call hidden in a batch, behind a duplicate key, or under a name that is nearly another.
 * Invariant: without a readable body nothing is allowed; one denied call denies the batch.
 */

import { isRecord } from "../canonical/record.ts";
import type { CompiledClause } from "../engine/clause.ts";
import type { CompiledEndpoint } from "../engine/endpoint.ts";
import { headerOf } from "../engine/headers.ts";
import { compileGlob } from "../glob.ts";
import { BATCH_MAX, BODY_BYTES_DEFAULT } from "../limits.ts";
import { RequestBody } from "./body.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";

export interface Call {
  /** Null is a response to a server's request. */
  method: string | null;
  params: unknown;
}

/** The recommended form of tool names; anything else is a chance to look like another tool. */
const TOOL_NAME = /^[A-Za-z0-9_.-]{1,128}$/;
const TOOL_CALL = "tools/call";

/** Methods of the Model Context Protocol up to revision 2025-11-25 that a client sends. */
export const KNOWN_MCP_METHODS = new Set([
  "initialize",
  "ping",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/templates/list",
  "resources/read",
  "resources/subscribe",
  "resources/unsubscribe",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "tasks/get",
  "tasks/list",
  "tasks/result",
  "tasks/cancel",
  "notifications/initialized",
  "notifications/cancelled",
  "notifications/progress",
  "notifications/roots/list_changed",
  "notifications/tasks/status",
  "notifications/elicitation/complete",
]);

export function judgeRpc(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const refuse = (missing: string): ProtocolVerdict => ({ denied: null, allowed: null, missing });
  const { key } = endpoint.entry;
  const isMcp = endpoint.endpoint.protocol === "mcp";
  // MCP's transport listens with GET and ends its session with DELETE; neither carries a call.
  if (isMcp && (request.method === "GET" || request.method === "DELETE") && !hasBody(request))
    return {
      denied: null,
      allowed: `Entry \`${key}\` speaks MCP; its stream may be opened and its session ended.`,
      missing: "",
    };
  if (request.method !== "POST") return refuse(`Entry \`${key}\` allows calls by POST only.`);
  const calls = readCalls(endpoint, request);
  if (typeof calls === "string") {
    const unread = `Entry \`${key}\` judges calls by their body, and ${calls}.`;
    // A deny rule that cannot be judged holds, also against another entry's allow.
    return { denied: endpoint.deny.all.length > 0 ? unread : null, allowed: null, missing: unread };
  }
  for (const call of calls) {
    const rules = call.method === null ? [] : endpoint.bodies.deny.forCall(call.method, toolName(call));
    const hit = rules.find((clause) => clauseDenies(endpoint, clause, call));
    if (hit !== undefined)
      return { denied: `Denied by ${key}.deny_rules[${hit.index}]: ${describe(call)}.`, allowed: null, missing: "" };
  }
  const missed = calls.find((call) => !callAllowed(endpoint, call));
  if (missed !== undefined) return refuse(`Entry \`${key}\` does not allow ${describe(missed)}.`);
  return {
    denied: null,
    allowed: `Entry \`${key}\` allows ${calls.slice(0, 3).map(describe).join(", ")}.`,
    missing: "",
  };
}

const hasBody = ({ request }: ProtocolRequest): boolean =>
  (request.body !== undefined && request.body !== "") ||
  (request.headers !== undefined &&
    (headerOf(request.headers, "transfer-encoding") !== undefined ||
      !/^0?$/.test(headerOf(request.headers, "content-length") ?? "")));

/** The calls of a body, or why they cannot be read. */
function readCalls(endpoint: CompiledEndpoint, request: ProtocolRequest): Call[] | string {
  const body = request.body ?? new RequestBody(request.request);
  if (body.text === undefined) return "the body is not known";
  const max = endpoint.endpoint.mcp?.max_body_bytes ?? endpoint.endpoint.json_rpc?.max_body_bytes ?? BODY_BYTES_DEFAULT;
  if (body.isLargerThan(max)) return `the body is larger than ${max} bytes`;
  if (body.isHidden) return "the body is compressed or in another character set";
  const parsed = body.json;
  if (!parsed.ok) return parsed.reason;
  const messages: unknown[] = Array.isArray(parsed.value) ? parsed.value : [parsed.value];
  if (messages.length === 0) return "the batch is empty";
  if (messages.length > BATCH_MAX) return `the batch has more than ${BATCH_MAX} calls`;
  const calls: Call[] = [];
  for (const message of messages) {
    if (!isRecord(message) || message.jsonrpc !== "2.0") return "the body is no JSON-RPC 2.0";
    const answers = "result" in message || "error" in message;
    if (typeof message.method === "string" && !answers) calls.push({ method: message.method, params: message.params });
    else if (message.method === undefined && answers) calls.push({ method: null, params: undefined });
    else return "the body is neither call nor answer";
  }
  return calls;
}

function callAllowed(endpoint: CompiledEndpoint, call: Call): boolean {
  const isMcp = endpoint.endpoint.protocol === "mcp";
  // MCP servers ask clients too, and the answers come this way; plain JSON-RPC knows no such thing.
  if (call.method === null) return isMcp;
  if (isMcp && call.method === TOOL_CALL && !toolNameReadable(endpoint, call)) return false;
  const allowsAll = endpoint.endpoint.mcp?.allow_all_known_mcp_methods === true;
  const { allow } = endpoint.bodies;
  if (allow.forCall(call.method, toolName(call)).some((clause) => clauseAllows(clause, call, isMcp, allowsAll)))
    return true;
  if (!allowsAll || !KNOWN_MCP_METHODS.has(call.method)) return false;
  // Rules that name tools narrow the profile: then only named tools may be called.
  return call.method !== TOOL_CALL || !allow.namesTools;
}

const toolName = (call: Call): unknown => (isRecord(call.params) ? call.params.name : undefined);

function toolNameReadable(endpoint: CompiledEndpoint, call: Call): boolean {
  const name = toolName(call);
  return typeof name === "string" && (endpoint.endpoint.mcp?.strict_tool_names === false || TOOL_NAME.test(name));
}

function methodAllows(clause: CompiledClause, method: string, isMcp: boolean, allowsAll: boolean): boolean {
  const { method: wanted } = clause;
  if (wanted === null)
    return clause.tool !== null || clause.source.params !== undefined
      ? method === TOOL_CALL
      : allowsAll && KNOWN_MCP_METHODS.has(method);
  if (isMcp && wanted.includes("*") && wanted !== "*") return compileGlob(wanted, { separator: "/" })(method);
  return wanted === "*" || wanted === method;
}

function clauseAllows(clause: CompiledClause, call: Call, isMcp: boolean, allowsAll: boolean): boolean {
  if (call.method === null || !methodAllows(clause, call.method, isMcp, allowsAll)) return false;
  if (clause.tool !== null) {
    const name = toolName(call);
    if (typeof name !== "string" || !clause.tool(name)) return false;
  }
  return clause.arguments === null || clause.arguments(argumentsOf(call));
}

/** A deny also holds for another case, and for a tool call whose name cannot be read. */
function clauseDenies(endpoint: CompiledEndpoint, clause: CompiledClause, call: Call): boolean {
  if (call.method === null) return false;
  const method = call.method.toLowerCase();
  const wanted =
    clause.method?.toLowerCase() ?? (clause.tool !== null || clause.source.params !== undefined ? TOOL_CALL : "*");
  const glob = endpoint.endpoint.protocol === "mcp" && wanted !== "*" && wanted.includes("*");
  if (!(wanted === "*" || wanted === method || (glob && compileGlob(wanted, { separator: "/" })(method)))) return false;
  if (clause.tool !== null) {
    const name = toolName(call);
    if (typeof name === "string" && !clause.tool(name)) return false;
  }
  return clause.arguments === null || clause.arguments(argumentsOf(call));
}

const argumentsOf = (call: Call): unknown => (isRecord(call.params) ? call.params.arguments : undefined);

function describe(call: Call): string {
  if (call.method === null) return "an answer";
  const name = toolName(call);
  return call.method === TOOL_CALL && typeof name === "string"
    ? `${TOOL_CALL} ${name.slice(0, 128)}`
    : call.method.slice(0, 128);
}
