/**
 * Which part of a rule a request fails. Each part is judged alone, by the engine itself, as a rule whose other parts allow
 * everything: so no second reading of requests can disagree with the one that decides.
 */
import { canonicalPath, parseQuery } from "../canonical/path.ts";
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import type { Clause, Endpoint, Matcher, ParamMatcher } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { ruleAllows } from "./probe.ts";
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

/** The parts that fail; empty when the rule allows the request, or when only their sum fails. */
export function missesOf(endpoint: Endpoint, clause: Clause, request: PolicyRequest): PartMiss[] {
  return partsOf(endpoint, clause)
    .filter(({ probe }) => !ruleAllows(endpoint, probe, request))
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

function sentenceOf({ part, name, want, request }: Omit<Part, "probe"> & { request: PolicyRequest }): string {
  const target = canonicalPath(request.path ?? "", { allowEncodedSlash: true });
  switch (part) {
    case "method":
      return `the method is ${calledMethods(request) ?? request.method?.toUpperCase() ?? "none"}, not ${want}`;
    case "path":
      return `the path is ${quoted(target?.path ?? "")}, which ${quoted(want)} does not match`;
    case "query":
      return `parameter \`${name}\` ${valuesOf(target?.query ?? "", name)}, and must match ${want}`;
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

function valuesOf(query: string, name: string): string {
  const values = (parseQuery(query) ?? []).filter(([key]) => key === name).map(([, value]) => quoted(value, 60));
  return values.length === 0 ? "is missing" : `is ${values.slice(0, 3).join(" and ")}`;
}

function headerValue(request: PolicyRequest, name: string): string {
  const hit = Object.entries(request.headers ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return hit === undefined ? "is not there" : `is ${quoted(hit[1], 60)}`;
}

const bodySize = (request: PolicyRequest): string =>
  request.body === undefined ? "its size is not known" : `it has ${new TextEncoder().encode(request.body).length}`;

function messages(request: PolicyRequest): Record<string, unknown>[] {
  const parsed = request.body === undefined ? null : readJson(request.body);
  if (parsed === null || !parsed.ok) return [];
  return (Array.isArray(parsed.value) ? parsed.value : [parsed.value]).filter(isRecord);
}

function calledMethods(request: PolicyRequest): string | null {
  const methods = messages(request).flatMap((message) => (typeof message.method === "string" ? [message.method] : []));
  return methods.length === 0
    ? null
    : [...new Set(methods)]
        .slice(0, 3)
        .map((text) => quoted(text, 60))
        .join(", ");
}

function calledTools(request: PolicyRequest): string {
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
