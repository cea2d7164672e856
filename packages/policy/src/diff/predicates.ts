/**
 * What a set of requests can be narrowed by, as data: the same words decide which atoms there are, whether a request lies in a change,
 * and what the reviewer reads. Each is judged by the engine's own matchers.
 */
import { addressClass, addressWithin, coverableClasses } from "../canonical/address.ts";
import { isRecord } from "../canonical/record.ts";
import { readJson } from "../canonical/strict-json.ts";
import { canonicalPattern } from "../engine/clause.ts";
import { compileRequestMatcher, headerOf } from "../engine/headers.ts";
import { judgeTarget } from "../engine/target.ts";
import { compileGlob } from "../glob.ts";
import type { ParamMatcher } from "../model.ts";
import { allowsParams, deniesParams } from "../protocols/params.ts";
import { KNOWN_MCP_METHODS } from "../protocols/rpc.ts";
import type { PolicyRequest } from "../types.ts";
import { type ReadBody, readBody, UNREAD_BODY } from "./read-body.ts";
import { addressesOf } from "./request-addresses.ts";
import type { BodyPredicate, Predicate } from "./types.ts";

/** A request read once for all predicates. */
export interface ReadRequest {
  request: PolicyRequest;
  nowMs: number;
  addresses: readonly string[];
  target: ReturnType<typeof judgeTarget>;
  body: ReadBody;
}

export function readRequest(request: PolicyRequest, nowMs: number): ReadRequest {
  const target = request.path === undefined ? null : judgeTarget(request.path);
  return { request, nowMs, addresses: addressesOf(request), target, body: readBody(request, target) };
}

const valueGlob = (pattern: string, ignoreCase: boolean) => compileGlob(pattern, { separator: "", ignoreCase });
const anyValue = (patterns: readonly string[], ignoreCase: boolean) => {
  const globs = patterns.map((pattern) => valueGlob(pattern, ignoreCase));
  return (text: string) => globs.some((glob) => glob(text));
};
/** `{a: {b: matcher}}` for the path `[a, b]`. */
const nested = (path: readonly string[], values: readonly string[]): ParamMatcher =>
  path.reduceRight<ParamMatcher>((inner, key) => ({ [key]: inner }), { any: [...values] });

const bodyBytes = (body: string | undefined): number =>
  body === undefined ? 0 : new TextEncoder().encode(body).length;

/** The predicate as a function; compile once, ask often. */
export function compilePredicate(predicate: Predicate): (read: ReadRequest) => boolean {
  switch (predicate.kind) {
    case "path": {
      const glob = compileGlob(canonicalPattern(predicate.pattern), { separator: "/", ignoreCase: predicate.loose });
      return ({ target }) => target !== null && (predicate.loose ? target.denyPaths.some(glob) : glob(target.path));
    }
    case "encoded_slash":
      return ({ target }) => target?.encodedSlash === true;
    case "query": {
      const { name, reading } = predicate;
      const glob = anyValue(predicate.values, reading === "some");
      if (reading === "some")
        return ({ target }) =>
          target?.denyQuery.some(([key, value]) => key.toLowerCase() === name.toLowerCase() && glob(value)) === true;
      return ({ target }) => {
        const values = (target?.query ?? []).filter(([key]) => key === name);
        return values.length > 0 && values.every(([, value]) => glob(value));
      };
    }
    case "header": {
      const matcher = compileRequestMatcher({ headers: { [predicate.name]: { any: [...predicate.values] } } });
      return ({ request }) => (predicate.loose ? matcher.denies(request) : matcher.allows(request));
    }
    case "upgrade":
      return ({ request }) => request.headers !== undefined && headerOf(request.headers, "upgrade") !== undefined;
    case "may_upgrade":
      return ({ request }) => request.headers === undefined || headerOf(request.headers, "upgrade") !== undefined;
    case "body_at_most": {
      const matcher = compileRequestMatcher({ max_body_bytes: predicate.bytes });
      return ({ request }) => matcher.allows(request);
    }
    case "before":
      return ({ nowMs }) => nowMs < predicate.ms;
    case "address_known":
      return ({ addresses }) => addresses.length > 0;
    case "address_public":
      return ({ addresses }) => addresses.every((ip) => addressClass(ip) === "public");
    case "address_within":
      return ({ addresses }) =>
        addresses.every((ip) => coverableClasses.includes(addressClass(ip)) && addressWithin(ip, predicate.ranges));
    case "body":
      return ({ body }) => body.present;
    case "payload":
      return ({ body }) => body.present || body.operation !== null || body.persisted !== null;
    default: {
      const holds = compileBodyPredicate(predicate);
      const { bytesMax } = predicate;
      if (bytesMax === undefined) return holds;
      return (read) => holds(bodyBytes(read.request.body) > bytesMax ? { ...read, body: UNREAD_BODY } : read);
    }
  }
}

/** Tools and arguments are asked about in calls of tools alone, in any case of the method's letters. */
const isToolCall = (body: ReadBody): boolean => body.call?.method?.toLowerCase() === "tools/call";
const toolOf = (body: ReadBody): unknown =>
  isToolCall(body) && isRecord(body.call?.params) ? body.call.params.name : undefined;

function compileBodyPredicate(predicate: BodyPredicate): (read: ReadRequest) => boolean {
  switch (predicate.kind) {
    case "rpc_answer":
      return ({ body }) => body.call !== null && body.call.method === null;
    case "rpc_call":
      return ({ body }) => body.call !== null;
    case "rpc_method": {
      const glob = compileGlob(predicate.pattern === "*" ? "**" : predicate.pattern, { separator: "/" });
      return ({ body }) => {
        const method = body.call?.method ?? null;
        return method !== null && glob(predicate.loose ? method.toLowerCase() : method);
      };
    }
    case "rpc_known":
      return ({ body }) => body.call !== null && KNOWN_MCP_METHODS.has(body.call.method ?? "");
    case "persisted":
      return ({ body }) => body.persisted === predicate.id;
    case "tool": {
      const glob = anyValue(predicate.values, predicate.loose);
      return ({ body }) => {
        const name = toolOf(body);
        return typeof name === "string" ? glob(name) : predicate.loose && isToolCall(body);
      };
    }
    case "tool_named":
      return ({ body }) => typeof toolOf(body) === "string";
    case "tool_plain":
      return ({ body }) => {
        const name = toolOf(body);
        return typeof name === "string" && /^[A-Za-z0-9_.-]{1,128}$/.test(name);
      };
    case "argument": {
      const matcher = nested(predicate.path, predicate.values);
      return ({ body }) => {
        const value = isRecord(body.call?.params) ? body.call.params.arguments : undefined;
        return isToolCall(body) && (predicate.loose ? deniesParams(matcher, value) : allowsParams(matcher, value));
      };
    }
    case "operation":
      return ({ body }) =>
        body.operation !== null && (predicate.type === "*" || body.operation.type === predicate.type);
    case "operation_name": {
      const glob = valueGlob(predicate.pattern, predicate.loose);
      return ({ body }) => {
        if (body.operation === null) return false;
        return body.operation.name === null ? predicate.loose : glob(body.operation.name);
      };
    }
    case "operation_fields": {
      const glob = anyValue(predicate.values, predicate.loose);
      return ({ body }) =>
        body.operation !== null &&
        (predicate.loose ? body.operation.fields.some(glob) : body.operation.fields.every(glob));
    }
    case "message":
      return ({ body }) => body.message === predicate.type;
    case "model": {
      const glob = valueGlob(predicate.pattern, false);
      return ({ request }) => {
        const parsed = request.body === undefined ? null : readJson(request.body);
        const model = parsed?.ok === true && isRecord(parsed.value) ? parsed.value.model : undefined;
        return typeof model === "string" && glob(model);
      };
    }
  }
}
