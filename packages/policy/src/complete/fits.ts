/** Which fields of an endpoint or clause have an effect beside what stands there already. The checker has the last word. */
import type { Resolved } from "./resolve.ts";
import type { Step } from "./types.ts";

const ENDPOINT = /\.endpoints\[\]$/;
const CLAUSE = /\.endpoints\[\]\.(rules\[\]\.allow|deny_rules\[\])$/;

const HTTP = ["method", "path", "query", "request"];
const GRAPHQL = ["operation_type", "operation_name", "fields"];
const clauseFields: Readonly<Record<string, readonly string[]>> = {
  rest: HTTP,
  websocket: [...HTTP, ...GRAPHQL],
  graphql: GRAPHQL,
  mcp: ["method", "tool", "params"],
  "json-rpc": ["method"],
};

/** Fields that only these protocols give an effect. */
const protocolsOf: Readonly<Record<string, readonly string[]>> = {
  mcp: ["mcp"],
  json_rpc: ["json-rpc"],
  graphql_max_body_bytes: ["graphql", "websocket"],
  graphql_persisted_queries: ["graphql", "websocket"],
  persisted_queries: ["graphql", "websocket"],
  websocket_credential_rewrite: ["rest", "websocket"],
  request_body_credential_rewrite: ["rest"],
  access: ["rest", "websocket", "graphql"],
};
const INSPECTED_ONLY = new Set([
  ...Object.keys(protocolsOf),
  "path",
  "enforcement",
  "rules",
  "deny_rules",
  "allow_encoded_slash",
  "credential_signing",
]);

/** Of these only one may stand in a map. */
const EXCLUSIVE: readonly (readonly [string, string])[] = [
  ["port", "ports"],
  ["access", "rules"],
];

export function fits(given: {
  name: string;
  at: Resolved;
  steps: readonly Step[];
  siblings: ReadonlyMap<string, string>;
}): boolean {
  const { name, at, siblings } = given;
  for (const [a, b] of EXCLUSIVE) if ((name === a && siblings.has(b)) || (name === b && siblings.has(a))) return false;
  if (ENDPOINT.test(at.pattern) && at.pattern.startsWith("network_policies")) {
    const protocol = siblings.get("protocol");
    // What narrows traffic that nothing inspects would be refused; without a protocol one may still be chosen.
    if (protocol === undefined) return true;
    if (protocol === "tcp") return !INSPECTED_ONLY.has(name);
    return protocolsOf[name]?.includes(protocol) ?? name !== "tls";
  }
  if (CLAUSE.test(at.pattern)) {
    const allowed = clauseFields[protocolOf(given.steps) ?? ""];
    return allowed === undefined || allowed.includes(name);
  }
  return true;
}

/** The protocol of the endpoint that the place lies in. */
export function protocolOf(steps: readonly Step[]): string | null {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i];
    if (step?.kind === "key" && (step.name === "rules" || step.name === "deny_rules"))
      return step.siblings().get("protocol") ?? null;
  }
  return null;
}
