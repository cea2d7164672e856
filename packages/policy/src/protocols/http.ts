/** Method, path, query and headers. */
import { type CompiledClause, clausesFor } from "../engine/clause.ts";
import type { CompiledEndpoint } from "../engine/compile.ts";
import { headerOf } from "../engine/headers.ts";
import type { Access } from "../model.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";

const READ = ["GET", "HEAD", "OPTIONS"];
const WRITE = [...READ, "POST", "PUT", "PATCH"];
export const methodsOfAccess: Record<Access, readonly string[] | null> = {
  "read-only": READ,
  "read-write": WRITE,
  full: null,
};

export function judgeHttp(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  const denied = httpDenial(endpoint, request);
  const allowed = httpAllowance(endpoint, request);
  const missing = `Entry \`${endpoint.entry.key}\` does not allow ${request.method} ${request.target.path}.`;
  if (allowed !== null && isUpgrade(request) && !allowsUpgrade(endpoint))
    return {
      denied,
      allowed: null,
      missing:
        "The request opens a WebSocket, in which nothing would be judged; that needs `protocol: websocket` or `access: full`.",
    };
  return { denied, allowed, missing };
}

export function httpDenial(endpoint: CompiledEndpoint, { request, method, target }: ProtocolRequest): string | null {
  for (const clause of clausesFor(endpoint.deny, target.denyPaths)) {
    if (!methodMatches(clause, method) || clause.path === null || !target.denyPaths.some(clause.path)) continue;
    // A parameter that is missing cannot be the one that is denied; of several values one suffices.
    const queryHolds = clause.query.every(([key, glob]) =>
      target.query.some(([name, value]) => name.toLowerCase() === key.toLowerCase() && glob(value)),
    );
    if (queryHolds && (clause.request === null || clause.request.denies(request)))
      return `Denied by ${endpoint.entry.key}.deny_rules[${clause.index}]: ${clause.source.method ?? "*"} ${clause.source.path ?? ""}.`;
  }
  return null;
}

export function httpAllowance(endpoint: CompiledEndpoint, { request, method, target }: ProtocolRequest): string | null {
  const { access } = endpoint.endpoint;
  if (access !== undefined) {
    const methods = methodsOfAccess[access];
    return methods === null || methods.includes(method)
      ? `Entry \`${endpoint.entry.key}\` gives ${access} access.`
      : null;
  }
  for (const clause of clausesFor(endpoint.allow, [target.path])) {
    if (!methodMatches(clause, method) || clause.path === null || !clause.path(target.path)) continue;
    const queryHolds = clause.query.every(([key, glob]) => {
      const values = target.query.filter(([name]) => name === key);
      return values.length > 0 && values.every(([, value]) => glob(value));
    });
    if (queryHolds && (clause.request === null || clause.request.allows(request)))
      return `Allowed by ${endpoint.entry.key}.rules[${clause.index}]: ${clause.source.method ?? "*"} ${clause.source.path ?? ""}.`;
  }
  return null;
}

/** HEAD asks for what GET would give. */
export const methodMatches = (clause: CompiledClause, method: string): boolean =>
  clause.method === "*" || clause.method === method || (clause.method === "GET" && method === "HEAD");

export const isUpgrade = ({ request }: ProtocolRequest): boolean =>
  request.headers !== undefined && headerOf(request.headers, "upgrade") !== undefined;

/** After the upgrade bytes flow unjudged, so only an endpoint that allows everything, or speaks of WebSockets, may open one. */
const allowsUpgrade = ({ endpoint }: CompiledEndpoint): boolean =>
  endpoint.access === "full" ||
  endpoint.websocket_credential_rewrite === true ||
  (endpoint.rules?.some(({ allow }) => allow.method === "*") ?? false);
