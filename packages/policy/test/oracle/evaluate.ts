/**
 * A second judge, written from the documents alone: OpenShell's policy schema and Creel's page of meanings. It reads the whole policy
 * for each request and shares nothing with the engine but the type of a parsed file. Where it and the engine differ, one of them
 * or the page is wrong.
 */
import type { Binary, Clause, Endpoint, Matcher, Policy, PolicyEntry, PolicyRequest } from "../../src/browser.ts";
import { matches } from "./glob.ts";
import { calls, type Operation, operationOf } from "./message.ts";
import { reach, readTarget, type Target, usualHost, within } from "./target.ts";

export interface Judgement {
  decision: "allow" | "deny" | "would_deny";
  /** The step of the page that decided. */
  step: string;
}

interface Candidate {
  entry: PolicyEntry;
  endpoint: Endpoint;
}

const denied = (step: string): Judgement => ({ decision: "deny", step });

export function evaluate(policy: Policy, request: PolicyRequest, nowMs: number): Judgement {
  const monitored =
    policy.mode === "monitor" && (policy.monitor_until === undefined || nowMs < Date.parse(policy.monitor_until));
  const soft = (step: string, audited: boolean): Judgement => ({
    decision: monitored || audited ? "would_deny" : "deny",
    step,
  });

  const host = usualHost(request.host);
  if (host === null) return denied("1 host");
  if (!request.binary.startsWith("/")) return denied("1 program");

  // An address host is dialled itself; a name goes to what it resolved to, where that is known.
  const addresses: string[] = /^[\d.]+$|:/.test(host) ? [host] : [];
  if (request.ip !== undefined) {
    const resolved = usualHost(request.ip);
    if (resolved === null) return denied("1 address");
    addresses.push(resolved);
  }
  const naming = Object.values(policy.network_policies).flatMap((entry) =>
    entry.endpoints.filter((endpoint) => namesHost(endpoint, host)).map((endpoint) => ({ entry, endpoint })),
  );
  if (host === "inference.local") {
    const unread =
      request.method !== undefined &&
      ([request.method, ...overrides(request)].some((method) => method.toUpperCase() === "CONNECT") ||
        readTarget(request.path ?? "/") === null);
    if (unread && (policy.inference !== undefined || naming.length === 0)) return denied("1 target");
    if (policy.inference !== undefined)
      // The gateway answers on these two ports.
      return policy.inference.enabled && (request.port === 443 || request.port === 80)
        ? { decision: "allow", step: "2 inference" }
        : soft("2 inference", false);
    if (naming.length === 0) return { decision: "allow", step: "2 inference" };
  }

  if (addresses.some((address) => reach(address) === "never")) return denied("3 address");

  const named = naming.filter(
    ({ entry, endpoint }) =>
      endpoint.ports.includes(request.port) &&
      (entry.expires_at === undefined || nowMs < Date.parse(entry.expires_at)) &&
      entry.binaries.some((binary) => isProgram(binary, request)),
  );
  // Without an address, only an endpoint that names no host is left without anything that it could be known by.
  const opens = ({ endpoint }: Candidate, address: string): boolean =>
    endpoint.allowed_ips === undefined
      ? reach(address) === "public"
      : endpoint.allowed_ips.some((range) => within(address, range));
  const candidates = named.filter(
    (candidate) =>
      addresses.every((address) => opens(candidate, address)) &&
      (addresses.length > 0 || candidate.endpoint.host !== ""),
  );
  // Private addresses stay denied in any mode, so they are judged also where nothing names the host.
  if (addresses.some((address) => reach(address) === "private") && candidates.length === 0)
    return denied("5 private address");
  if (named.length === 0) return soft("4 nothing names it", false);
  if (candidates.length === 0) return soft("5 address", false);
  if (request.method === undefined) return { decision: "allow", step: "6 connection" };

  // Where nothing is inspected, nothing of the request is read.
  if (named.every(({ endpoint }) => isRaw(endpoint))) return { decision: "allow", step: "6 not inspected" };

  const target = readTarget(request.path ?? "/");
  if (target === null) return denied("1 target");
  const methods = [request.method, ...overrides(request)].map((method) => method.toUpperCase());
  if (methods.includes("CONNECT")) return denied("method");
  // An endpoint's `path` selects in every reading: a narrow endpoint is not slipped past by another case.
  const selects = ({ endpoint }: Candidate): boolean =>
    endpoint.path === undefined ||
    endpoint.path === "" ||
    readings(target.path).some((path) => matches((endpoint.path ?? "").toLowerCase(), path.toLowerCase(), "/"));
  const denying = named
    .filter(selects)
    .filter(({ endpoint }) =>
      endpoint.deny_rules?.some((rule) =>
        methods.some((method) => denies(endpoint, rule, { method, target, request })),
      ),
    );
  const audited = (of: Candidate[]): boolean => of.every(({ endpoint }) => endpoint.enforcement === "audit");
  if (denying.length > 0) return soft("7 deny rule", audited(denying));

  const covering = candidates.filter(selects);
  if (covering.length === 0) return soft("8 no path covers it", false);
  const longest = Math.max(...covering.map(({ endpoint }) => (endpoint.path ?? "").length));
  const speaking = covering.filter(({ endpoint }) => (endpoint.path ?? "").length === longest);
  const allowed = methods.every((method) =>
    speaking.some(({ endpoint }) => allows(endpoint, { method, target, request })),
  );
  return allowed ? { decision: "allow", step: "8 allowed" } : soft("8 not allowed", audited(speaking));
}

const isRaw = ({ protocol }: Endpoint): boolean => protocol === undefined || protocol === "tcp";

const namesHost = (endpoint: Endpoint, host: string): boolean => {
  if (endpoint.host === "") return endpoint.allowed_ips !== undefined;
  const pattern = endpoint.host.toLowerCase();
  // `**.` stands for one or more labels, so something must stand before the dot.
  return matches(pattern, host, ".");
};

function isProgram(binary: Binary, request: PolicyRequest): boolean {
  if (matches(binary.path, request.binary, "/")) {
    const pinned = binary.sha256 === undefined || binary.sha256 === request.sha256?.toLowerCase();
    const scripted = binary.script === undefined || matches(binary.script, request.script ?? "", "/");
    if (pinned && scripted) return true;
  }
  // Of a parent only the path is known, neither digest nor script.
  const pathAlone = binary.sha256 === undefined && binary.script === undefined;
  return (
    binary.inherit === true && pathAlone && (request.ancestors ?? []).some((path) => matches(binary.path, path, "/"))
  );
}

const overrides = (request: PolicyRequest): string[] =>
  Object.entries(request.headers ?? {})
    .filter(([name]) => name.toLowerCase() === "x-http-method-override")
    .map(([, value]) => value);

interface Asked {
  method: string;
  target: Target;
  request: PolicyRequest;
}

/** A path matches a pattern whose escapes are spelt as the path's are. */
const pathMatches = (pattern: string, path: string): boolean =>
  matches(
    pattern.replace(/%[0-9a-fA-F]{2}/g, (hex) => hex.toUpperCase()),
    path,
    "/",
  );

const anyOf = (matcher: Matcher): string[] => (typeof matcher === "string" ? [matcher] : matcher.any);
const valueMatches = (matcher: Matcher, value: string): boolean =>
  anyOf(matcher).some((pattern) => matches(pattern, value, ""));

const methodMatches = (pattern: string, method: string): boolean =>
  pattern === "*" || pattern.toUpperCase() === method || (pattern.toUpperCase() === "GET" && method === "HEAD");

const PRESETS: Readonly<Record<string, readonly string[]>> = {
  "read-only": ["GET", "HEAD", "OPTIONS"],
  "read-write": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH"],
};

function allows(endpoint: Endpoint, asked: Asked): boolean {
  const { protocol } = endpoint;
  // It allows only what its `path` matches as it stands.
  if (endpoint.path !== undefined && endpoint.path !== "" && !pathMatches(endpoint.path, asked.target.path))
    return false;
  if (isRaw(endpoint)) return true;
  if (asked.target.encodedSlash && endpoint.allow_encoded_slash !== true) return false;
  const rules = (endpoint.rules ?? []).map(({ allow }) => allow);
  if (protocol === "json-rpc" || protocol === "mcp") {
    // MCP's transport opens its stream by GET and ends its session by DELETE; neither carries a message.
    if (protocol === "mcp" && (asked.method === "GET" || asked.method === "DELETE"))
      return asked.request.body === undefined;
    const messages = calls(asked.request.body);
    if (messages === null || asked.method !== "POST") return false;
    return messages.every((message) => {
      if (protocol === "json-rpc") return rules.some((rule) => rule.method === "*" || rule.method === message.method);
      if (message.tool !== null && !/^[A-Za-z0-9_.-]{1,128}$/.test(message.tool)) return false;
      return rules.some((rule) => mcpMatches(rule, message));
    });
  }
  if (protocol === "graphql") {
    const operation = operationOf(asked.request.body);
    if (operation === null || asked.method !== "POST") return false;
    if (endpoint.access === "full") return true;
    if (endpoint.access === "read-only") return operation.type === "query";
    if (endpoint.access === "read-write") return operation.type !== "subscription";
    return rules.some((rule) => graphqlMatches(rule, operation, "every"));
  }
  // Only a GET can open a WebSocket.
  if (protocol === "websocket" && asked.method !== "WEBSOCKET_TEXT" && asked.method !== "GET") return false;
  // After an upgrade that is not `protocol: websocket` nothing is judged any more, so every method must be allowed anyway.
  const everything =
    endpoint.deny_rules === undefined &&
    (endpoint.access === "full" ||
      rules.some(({ method, path, query }) => method === "*" && path === "/**" && query === undefined));
  if (protocol === "rest" && opensWebSocket(asked) && !everything) return false;
  if (endpoint.access === "full") return true;
  if (endpoint.access !== undefined && protocol === "websocket")
    return asked.method === "GET" || (endpoint.access === "read-write" && asked.method === "WEBSOCKET_TEXT");
  if (endpoint.access !== undefined) return PRESETS[endpoint.access]?.includes(asked.method) === true;
  return rules.some(
    (rule) =>
      methodMatches(rule.method ?? "*", asked.method) &&
      pathMatches(rule.path ?? "/**", asked.target.path) &&
      Object.entries(rule.query ?? {}).every(([name, matcher]) => {
        const values = asked.target.query.filter(([key]) => key === name).map(([, value]) => value);
        return values.length > 0 && values.every((value) => valueMatches(matcher, value));
      }),
  );
}

const opensWebSocket = ({ method, request }: Asked): boolean =>
  method === "GET" && Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === "upgrade");

const mcpMatches = (rule: Clause, message: { method: string; tool: string | null }): boolean =>
  matches(rule.method ?? "*", message.method, "") &&
  (rule.tool === undefined || (message.tool !== null && valueMatches(rule.tool, message.tool)));

const graphqlMatches = (rule: Clause, operation: Operation, fields: "every" | "some"): boolean =>
  (rule.operation_type === "*" || rule.operation_type === operation.type) &&
  (rule.operation_name === undefined || matches(rule.operation_name, operation.name ?? "", "")) &&
  (rule.fields === undefined ||
    operation.fields[fields]((field) => rule.fields?.some((pattern) => matches(pattern, field, "")) === true));

/** A deny rule holds in every reading: any case of the letters, with or without the last slash, decoded. */
export function readings(path: string): string[] {
  const decoded = decodeURIComponent(path);
  const slashed = [path, decoded].flatMap((one) => [one, one.endsWith("/") ? one.slice(0, -1) : `${one}/`]);
  return slashed.filter((one) => one !== "");
}

function denies(endpoint: Endpoint, rule: Clause, asked: Asked): boolean {
  const { protocol } = endpoint;
  if (protocol === "json-rpc" || protocol === "mcp") {
    if (asked.method !== "POST") return false;
    const messages = calls(asked.request.body);
    if (messages === null) return true;
    return messages.some((message) =>
      protocol === "json-rpc"
        ? rule.method === "*" || rule.method?.toLowerCase() === message.method.toLowerCase()
        : mcpMatches(folded(rule), { method: message.method.toLowerCase(), tool: message.tool?.toLowerCase() ?? null }),
    );
  }
  if (protocol === "graphql") {
    if (asked.method !== "POST") return false;
    const operation = operationOf(asked.request.body);
    // A name that is not there could be any.
    return (
      operation === null ||
      graphqlMatches(operation.name === null ? { ...rule, operation_name: "*" } : rule, operation, "some")
    );
  }
  return (
    methodMatches(rule.method ?? "*", asked.method) &&
    readings(asked.target.path).some((path) => matches((rule.path ?? "/**").toLowerCase(), path.toLowerCase(), "/")) &&
    Object.entries(rule.query ?? {}).every(([name, matcher]) =>
      asked.target.query.some(
        ([key, value]) =>
          key.toLowerCase() === name.toLowerCase() &&
          anyOf(matcher).some((pattern) => matches(pattern.toLowerCase(), value.toLowerCase(), "")),
      ),
    )
  );
}

const folded = (rule: Clause): Clause => ({
  ...rule,
  ...(rule.method === undefined ? {} : { method: rule.method.toLowerCase() }),
  ...(rule.tool === undefined ? {} : { tool: { any: anyOf(rule.tool).map((pattern) => pattern.toLowerCase()) } }),
});
