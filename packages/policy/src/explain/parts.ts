/**
 * Which part of a rule a request fails. Each part is judged alone, by the engine itself, as a rule whose other parts allow
 * everything: so no second reading of requests can disagree with the one that decides.
 */
import { canonicalHost } from "../canonical/host.ts";
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import { endpointsFor } from "../engine/candidates.ts";
import { type CompiledEndpoint, compilePolicy } from "../engine/compile.ts";
import type { JudgedTarget } from "../engine/target.ts";
import type { Clause, Endpoint, Matcher, ParamMatcher } from "../model.ts";
import { judgeProtocol } from "../protocols/judge.ts";
import type { ProtocolRequest } from "../protocols/types.ts";
import { quoted } from "./trace.ts";

export type PartName =
  | "method"
  | "path"
  | "query"
  | "headers"
  | "body"
  | "operation_type"
  | "operation_name"
  | "fields"
  | "tool"
  | "arguments";

export interface PartMiss {
  part: PartName;
  /** A clause that goes on from "rule X: ". */
  sentence: string;
}

/** The endpoint as a file would hold it that has nothing else. */
export function alone(source: CompiledEndpoint, endpoint: Endpoint, request: ProtocolRequest): CompiledEndpoint | null {
  const compiled = compilePolicy({
    version: 1,
    mode: "enforce",
    network_policies: {
      [source.entry.key]: { name: "", binaries: [{ path: "/**" }], endpoints: [endpoint] },
    },
    network_middlewares: {},
    credentials: {},
    tests: [],
  });
  return endpointsFor(compiled, lookupHost(source, request), request.request.port)[0] ?? null;
}

/** The host that the index knows the endpoint by; a host glob is looked up by the request's own host. */
const lookupHost = (source: CompiledEndpoint, { request }: ProtocolRequest): string =>
  source.endpoint.host.includes("*") || source.endpoint.host === ""
    ? (canonicalHost(request.host) ?? "")
    : source.endpoint.host;

const withRule = (endpoint: Endpoint, clause: Clause): Endpoint => ({
  ...endpoint,
  access: undefined,
  deny_rules: undefined,
  rules: [{ allow: clause }],
  ...(endpoint.mcp === undefined ? {} : { mcp: { ...endpoint.mcp, allow_all_known_mcp_methods: false } }),
});

/** Does this one rule allow the request? */
export function ruleAllows(source: CompiledEndpoint, clause: Clause, request: ProtocolRequest): boolean {
  const compiled = alone(source, withRule(source.endpoint, clause), request);
  return compiled !== null && judgeProtocol(compiled, request).allowed !== null;
}

/** Does this one deny rule hold? */
export function denyHolds(source: CompiledEndpoint, clause: Clause, request: ProtocolRequest): boolean {
  const compiled = alone(source, { ...source.endpoint, deny_rules: [clause] }, request);
  return compiled !== null && judgeProtocol(compiled, request).denied !== null;
}

/** The parts that fail; empty when the rule allows the request, or when only their sum fails. */
export function missesOf(source: CompiledEndpoint, clause: Clause, request: ProtocolRequest): PartMiss[] {
  return partsOf(source.endpoint, clause)
    .filter(({ probe }) => !ruleAllows(source, probe, request))
    .map(({ part, name, want }) => ({ part, sentence: sentenceOf({ part, name, want, request }) }));
}

interface Part {
  part: PartName;
  /** Parameter, header or argument. */
  name: string;
  want: string;
  probe: Clause;
}

const httpWide: Clause = { method: "*", path: "/**" };
const graphqlWide: Clause = { operation_type: "*" };

function partsOf(endpoint: Endpoint, clause: Clause): Part[] {
  const parts: Part[] = [];
  const add = (part: PartName, want: string, probe: Clause, name = "") => parts.push({ part, name, want, probe });
  if (endpoint.protocol === "mcp" || endpoint.protocol === "json-rpc") {
    if (clause.method !== undefined) add("method", clause.method, { method: clause.method });
    const tool = clause.tool ?? clause.params?.name;
    if (tool !== undefined) add("tool", matcherText(tool), { tool: clause.tool, params: onlyName(clause) });
    if (clause.params?.arguments !== undefined)
      add("arguments", "", { params: { arguments: clause.params.arguments } });
    return parts;
  }
  if (clause.operation_type !== undefined) {
    add("operation_type", clause.operation_type, { operation_type: clause.operation_type });
    if (clause.operation_name !== undefined)
      add("operation_name", clause.operation_name, { ...graphqlWide, operation_name: clause.operation_name });
    if (clause.fields !== undefined) add("fields", clause.fields.join(", "), { ...graphqlWide, fields: clause.fields });
    return parts;
  }
  add("method", clause.method ?? "*", { ...httpWide, method: clause.method ?? "*" });
  if (clause.path !== undefined) add("path", clause.path, { ...httpWide, path: clause.path });
  for (const [name, matcher] of Object.entries(clause.query ?? {}))
    add("query", matcherText(matcher), { ...httpWide, query: { [name]: matcher } }, name);
  for (const [name, matcher] of Object.entries(clause.request?.headers ?? {}))
    add("headers", matcherText(matcher), { ...httpWide, request: { headers: { [name]: matcher } } }, name);
  const max = clause.request?.max_body_bytes;
  if (max !== undefined) add("body", String(max), { ...httpWide, request: { max_body_bytes: max } });
  return parts;
}

const onlyName = (clause: Clause): Clause["params"] =>
  clause.params?.name === undefined ? undefined : { name: clause.params.name };

export function matcherText(matcher: Matcher | ParamMatcher): string {
  if (typeof matcher === "string") return quoted(matcher);
  return Array.isArray(matcher.any) ? `one of ${matcher.any.map((glob) => quoted(String(glob))).join(", ")}` : "a map";
}

function sentenceOf({ part, name, want, request }: Omit<Part, "probe"> & { request: ProtocolRequest }): string {
  const { target, method } = request;
  switch (part) {
    case "method":
      return `the method is ${calledMethods(request) ?? method}, not ${want}`;
    case "path":
      return `the path is ${quoted(target.path)}, which ${quoted(want)} does not match`;
    case "query":
      return `parameter \`${name}\` ${valuesOf(target, name)}, and must match ${want}`;
    case "headers":
      return `header \`${name}\` ${headerValue(request, name)}, and must match ${want}`;
    case "body":
      return `the body must have ${want} bytes at most, and ${bodySize(request)}`;
    case "operation_type":
      return `the operation is not a ${want}, or cannot be read`;
    case "operation_name":
      return `the operation's name does not match ${quoted(want)}`;
    case "fields":
      return `a root field is none of ${quoted(want)}`;
    case "tool":
      return `the tool is ${calledTools(request)}, and must match ${want}`;
    case "arguments":
      return "an argument of the tool does not match";
  }
}

function valuesOf(target: JudgedTarget, name: string): string {
  const values = target.query.filter(([key]) => key === name).map(([, value]) => quoted(value, 60));
  return values.length === 0 ? "is missing" : `is ${values.slice(0, 3).join(" and ")}`;
}

function headerValue({ request }: ProtocolRequest, name: string): string {
  const hit = Object.entries(request.headers ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return hit === undefined ? "is not there" : `is ${quoted(hit[1], 60)}`;
}

const bodySize = ({ request }: ProtocolRequest): string =>
  request.body === undefined ? "its size is not known" : `it has ${new TextEncoder().encode(request.body).length}`;

function messages(request: ProtocolRequest): Record<string, unknown>[] {
  const parsed = request.request.body === undefined ? null : readJson(request.request.body);
  if (parsed === null || !parsed.ok) return [];
  return (Array.isArray(parsed.value) ? parsed.value : [parsed.value]).filter(isRecord);
}

function calledMethods(request: ProtocolRequest): string | null {
  const methods = messages(request).flatMap((message) => (typeof message.method === "string" ? [message.method] : []));
  return methods.length === 0
    ? null
    : [...new Set(methods)]
        .slice(0, 3)
        .map((text) => quoted(text, 60))
        .join(", ");
}

function calledTools(request: ProtocolRequest): string {
  const tools = messages(request).flatMap((message) =>
    isRecord(message.params) && typeof message.params.name === "string" ? [message.params.name] : [],
  );
  return tools.length === 0
    ? "not known"
    : tools
        .slice(0, 3)
        .map((text) => quoted(text, 60))
        .join(", ");
}
