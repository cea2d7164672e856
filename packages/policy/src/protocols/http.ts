/** Method, path, query and headers. */
import type { CompiledClause } from "../engine/clause.ts";
import type { CompiledEndpoint } from "../engine/endpoint.ts";
import { headerOf } from "../engine/headers.ts";
import { quoted } from "../engine/quoted.ts";
import { foldText } from "../glob/fold.ts";
import type { Access } from "../model.ts";
import type { Clauses, ProtocolRequest, ProtocolVerdict } from "./types.ts";

/** Each client text message of a WebSocket, and each binary one. */
export const WEBSOCKET_TEXT = "WEBSOCKET_TEXT";
export const WEBSOCKET_BINARY = "WEBSOCKET_BINARY";
const READ = ["GET", "HEAD", "OPTIONS"];
const WRITE = [...READ, "POST", "PUT", "PATCH"];
export const methodsOfAccess: Record<Access, readonly string[] | null> = {
  "read-only": READ,
  "read-write": WRITE,
  full: null,
};

export function judgeHttp(endpoint: CompiledEndpoint, request: ProtocolRequest, clauses?: Clauses): ProtocolVerdict {
  const denied = httpDenial(endpoint, request, clauses?.deny);
  const allowed = httpAllowance(endpoint, request, clauses?.allow);
  if (allowed === null)
    return {
      denied,
      allowed,
      missing: `Entry \`${endpoint.entry.key}\` does not allow ${request.method} ${quoted(request.target.path)}.`,
    };
  if (isUpgrade(request) && !endpoint.allowsUpgrade)
    return {
      denied,
      allowed: null,
      missing:
        "The request asks for an upgrade, after which nothing would be judged; that needs `protocol: websocket`, or an endpoint that allows everything and denies nothing.",
    };
  return { denied, allowed, missing: "" };
}

export function httpDenial(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses: readonly CompiledClause[] = endpoint.deny.all,
): string | null {
  for (const clause of clauses) if (clauseDenies(clause, request)) return denialBy({ endpoint, clause });
  return null;
}

export const denialBy = ({ endpoint, clause }: { endpoint: CompiledEndpoint; clause: CompiledClause }): string =>
  `Denied by ${endpoint.entry.key}.deny_rules[${clause.index}]: ${clause.source.method ?? "*"} ${clause.source.path ?? ""}.`;

export function clauseDenies(clause: CompiledClause, { request, method, target }: ProtocolRequest): boolean {
  // No rule can read a binary message, which may carry any text: what denies texts denies it.
  if (!methodMatches(clause, method) && !(method === WEBSOCKET_BINARY && clause.method === WEBSOCKET_TEXT))
    return false;
  const { path } = clause;
  if (path === null || !target.denyPaths.some(path)) return false;
  // A parameter that is missing cannot be the one that is denied; of several values one suffices.
  for (const [key, glob] of clause.query) {
    const wanted = foldText(key);
    if (!target.denyQuery.some(([name, value]) => foldText(name) === wanted && glob(value))) return false;
  }
  return clause.request === null || clause.request.denies(request);
}

export function httpAllowance(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses: readonly CompiledClause[] = endpoint.allow.all,
): string | null {
  const { access } = endpoint;
  const { key } = endpoint.entry;
  if (access !== null) {
    const methods = methodsOfAccess[access];
    return methods === null || methods.includes(request.method) ? `Entry \`${key}\` gives ${access} access.` : null;
  }
  for (const clause of clauses)
    if (clauseAllows(clause, request))
      return `Allowed by ${key}.rules[${clause.index}]: ${clause.source.method ?? "*"} ${clause.source.path ?? ""}.`;
  return null;
}

function clauseAllows(clause: CompiledClause, { request, method, target }: ProtocolRequest): boolean {
  if (!methodMatches(clause, method)) return false;
  const { path } = clause;
  if (path === null || !path(target.path)) return false;
  for (const [key, glob] of clause.query) {
    let there = false;
    for (const [name, value] of target.query) {
      if (name !== key) continue;
      if (!glob(value)) return false;
      there = true;
    }
    if (!there) return false;
  }
  return clause.request === null || clause.request.allows(request);
}

/** HEAD asks for what GET would give. */
export const methodMatches = (clause: CompiledClause, method: string): boolean =>
  clause.method === "*" || clause.method === method || (clause.method === "GET" && method === "HEAD");

export const isUpgrade = ({ request }: ProtocolRequest): boolean =>
  request.headers !== undefined && headerOf(request.headers, "upgrade") !== undefined;
