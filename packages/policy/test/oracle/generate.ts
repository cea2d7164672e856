/** Policies in a small world and requests that nearly hit them: what is far from every rule teaches nothing. */

import type { Random } from "../../fuzz/random.ts";
import type { Clause, Endpoint, Matcher, Policy, PolicyRequest } from "../../src/browser.ts";

const HOSTS =
  "api.example.com api.example.com *.example.com **.example.com *-ai.example.com *.s3.*.example.com api.example.com inference.local 93.184.216.34".split(
    " ",
  );
const PORTS = [443, 443, 443, 8443];
const PROGRAMS = "/usr/bin/curl /usr/bin/python3* /opt/**/copilot /usr/bin/* /**".split(" ");
const PATHS =
  "/api/* /api/** /** /repos/*/*/merge /a/**/z /file[0-9] /file[!0-9] /a?c /v1/models/*:predict /@scope%2fname /Admin/** /api".split(
    " ",
  );
const METHODS = "GET POST PUT DELETE HEAD OPTIONS PATCH".split(" ");
const VALUES = "admin* 1.* git-* x *".split(" ");
const TOOLS = "read_* delete* list search_web".split(" ");
const RPC = "initialize tools/call tools/list reports.list".split(" ");
const FIELDS = "viewer delete* repository".split(" ");
const RANGES = "10.1.0.0/16 93.184.216.0/24 192.168.7.7".split(" ");

const matcher = (of: readonly string[], random: Random): Matcher =>
  random.chance(60) ? random.pick(of) : { any: [random.pick(of), random.pick(of)] };

function httpClause(random: Random, methods: readonly string[]): Clause {
  return {
    method: random.chance(25) ? "*" : random.pick(methods),
    path: random.pick(PATHS),
    ...(random.chance(25) ? { query: { [random.pick(["tag", "scope"])]: matcher(VALUES, random) } } : {}),
  };
}

const graphqlClause = (random: Random): Clause => ({
  operation_type: random.pick(["query", "mutation", "subscription", "*"] as const),
  ...(random.chance(30) ? { operation_name: random.pick(["Q*", "Admin*", "Issue"]) } : {}),
  ...(random.chance(60) ? { fields: random.some(FIELDS, 60).concat("viewer") } : {}),
});

function mcpClause(random: Random): Clause {
  return random.chance(70)
    ? { method: "tools/call", tool: matcher(TOOLS, random) }
    : { method: random.pick(["initialize", "tools/list", "notifications/initialized"]) };
}

const several = <T>(make: () => T, random: Random): T[] => Array.from({ length: 1 + random.below(3) }, make);

/** Access or rules, and sometimes deny rules, of one protocol. */
function inspection(protocol: string, random: Random): object {
  const clause = (): Clause => {
    if (protocol === "graphql") return graphqlClause(random);
    if (protocol === "mcp") return mcpClause(random);
    if (protocol === "json-rpc") return { method: random.chance(20) ? "*" : random.pick(RPC) };
    return httpClause(random, protocol === "websocket" ? ["GET", "WEBSOCKET_TEXT"] : METHODS);
  };
  const preset = protocol !== "mcp" && protocol !== "json-rpc" && random.chance(50);
  return {
    protocol,
    ...(preset
      ? { access: random.pick(["read-only", "read-write", "full"]) }
      : { rules: several(() => ({ allow: clause() }), random) }),
    ...(random.chance(40) ? { deny_rules: several(clause, random) } : {}),
  };
}

function endpoint(random: Random, audit: boolean): object {
  const host = random.pick(HOSTS);
  const base = {
    ...(random.chance(4) ? { allowed_ips: [random.pick(RANGES)] } : { host }),
    ...(random.chance(15) ? { allowed_ips: random.some(RANGES, 50).concat("10.1.0.0/16") } : {}),
    ...(random.chance(20) ? { ports: [443, 8443] } : { port: random.pick(PORTS) }),
  };
  if (random.chance(12)) return base;
  const protocol = random.chance(60) ? "rest" : random.pick(["websocket", "graphql", "mcp", "json-rpc"]);
  return {
    ...base,
    ...inspection(protocol, random),
    ...(random.chance(25) ? { path: random.pick(["/api/**", "/**", "/repos/**", "/a/**/z"]) } : {}),
    ...(random.chance(15) ? { allow_encoded_slash: true } : {}),
    ...(audit ? { enforcement: "audit" } : {}),
  };
}

const binary = (random: Random): object => ({
  path: random.pick(PROGRAMS),
  ...(random.chance(20) ? { inherit: true } : {}),
  ...(random.chance(10) ? { sha256: "a".repeat(64) } : {}),
  ...(random.chance(8) ? { script: "/srv/*.py" } : {}),
});

export const NOW_MS = Date.UTC(2026, 5, 1);

/** The text of a policy file, as JSON, which is YAML. Some texts are refused by the parser; they are skipped. */
export function policyText(random: Random): string {
  const audit = random.chance(10);
  const entries = Array.from({ length: 1 + random.below(3) }, (_, i) => [
    `e${i}`,
    {
      endpoints: several(() => endpoint(random, audit), random),
      binaries: several(() => binary(random), random),
      ...(random.chance(8) ? { expires_at: random.pick(["2026-01-01T00:00:00Z", "2027-01-01T00:00:00+02:00"]) } : {}),
    },
  ]);
  return JSON.stringify({
    version: 1,
    ...(random.chance(10) ? { mode: "monitor" } : {}),
    ...(random.chance(4) ? { inference: { enabled: random.chance(50) } } : {}),
    network_policies: Object.fromEntries(entries),
  });
}

/** A text that the pattern matches, for the most part. */
function instance(pattern: string, random: Random): string {
  return pattern
    .replaceAll("/**/", () => random.pick(["/", "/x/", "/x/y/"]))
    .replaceAll("**", () => random.pick(["", "x", "x/y", "x.y", "x/"]))
    .replaceAll("*", () => random.pick(["", "x", "eu", "x.y", "x/y"]))
    .replaceAll("[0-9]", () => random.pick(["1", "x"]))
    .replaceAll("[!0-9]", () => random.pick(["1", "x", "/"]))
    .replaceAll("?", () => random.pick(["b", "/", "bb"]));
}

function nearPath(pattern: string, random: Random): string {
  let path = instance(pattern, random);
  for (let left = random.below(3); left > 0; left--) {
    const i = 1 + random.below(Math.max(1, path.length - 1));
    path = random.pick([
      (): string => `${path}/`,
      (): string => path.toUpperCase(),
      (): string => path.slice(0, i) + path.slice(i).toUpperCase(),
      (): string => `${path.slice(0, i)}/${path.slice(i)}`,
      (): string => `${path.slice(0, i)}/./${path.slice(i)}`,
      (): string => `${path.slice(0, i)}/../${path.slice(i)}`,
      (): string => `${path.slice(0, i)}%${path.charCodeAt(i || 0).toString(16)}${path.slice(i + 1)}`,
      (): string => `${path.slice(0, i)}%2F${path.slice(i)}`,
      (): string => `${path}%2e%2E`,
      (): string => path.slice(0, -1),
      (): string => `${path}/extra`,
      (): string =>
        `${path}${random.pick(["%00", "%25", "%2561", "%zz", ";a=b", "#x", "\\x", "%c3%a9", "%c0%af", "~", "%7e"])}`,
    ])();
  }
  const pair = (): string =>
    `${random.pick(["tag", "scope", "Scope", "%74ag"])}=${random.pick(["admin", "admin.all", "ADMIN", "1.2.3", "git-x", "%78", "", "x+y"])}`;
  return random.chance(30) ? `${path}?${several(pair, random).join("&")}` : path;
}

const nearHost = (pattern: string, random: Random): string => {
  const host = pattern
    .replaceAll("**", () => random.pick(["a", "a.b"]))
    .replaceAll("*", () => random.pick(["eu", "a.b", "x"]));
  return random.pick([
    host,
    host,
    host,
    host.toUpperCase(),
    `${host}.`,
    `x.${host}`,
    host.slice(1),
    host.replace("example", "examp1e"),
    random.pick(
      "example.com 127.0.0.1 0x7f.1 ::1 10.1.2.3 ::ffff:10.1.2.3 64:ff9b::a9fe:a9fe 168.63.129.16 93.184.216.34 1572395042".split(
        " ",
      ),
    ),
  ]);
};

function body(endpoint: Endpoint | undefined, random: Random): string | undefined {
  if (random.chance(5)) return undefined;
  if (endpoint?.protocol === "graphql") {
    const name = random.pick(["", " Q1", " AdminX", " Issue"]);
    const fields = several(() => random.pick(["viewer", "deleteRepository", "repository", "other"]), random);
    const type = random.pick(["query", "mutation", "subscription"]);
    return JSON.stringify({ query: `${type}${name} { ${fields.join(" ")} }` });
  }
  const call = (): object => {
    const method = random.pick([...RPC, "reports.Delete", "notifications/initialized"]);
    const name = random.pick(["read_file", "delete.repo", "DELETE_all", "search_web", "list", "other"]);
    return {
      jsonrpc: "2.0",
      ...(method.startsWith("notifications/") ? {} : { id: 1 }),
      method,
      ...(method === "tools/call" ? { params: { name, arguments: {} } } : {}),
      ...(method === "initialize"
        ? { params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } } }
        : {}),
    };
  };
  return JSON.stringify(random.chance(20) ? several(call, random) : call());
}

/** A request that takes after one endpoint of the policy, with something changed here and there. */
export function nearRequest(policy: Policy, random: Random): PolicyRequest {
  const entry = random.pick(Object.values(policy.network_policies));
  const endpoint = random.pick(entry.endpoints);
  const program = random.chance(85)
    ? instance(random.pick(entry.binaries).path, random).replaceAll("//", "/")
    : random.pick(["/tmp/evil", "/usr/bin/curl", "/usr/bin/python3", "curl"]);
  const clauses = [...(endpoint.rules ?? []).map(({ allow }) => allow), ...(endpoint.deny_rules ?? [])];
  const clause = clauses.length === 0 ? {} : random.pick(clauses);
  const bodied = endpoint.protocol === "graphql" || endpoint.protocol === "mcp" || endpoint.protocol === "json-rpc";
  const upgrade = endpoint.protocol === "websocket";
  const method = bodied
    ? "POST"
    : upgrade
      ? random.pick(["GET", "WEBSOCKET_TEXT"])
      : random.chance(60) && clause.method !== undefined && clause.method !== "*"
        ? clause.method
        : random.pick([...METHODS, "CONNECT", "get", "PROPFIND"]);
  const pathOf = clause.path ?? endpoint.path ?? random.pick(PATHS);
  const headers: Record<string, string> = {
    ...(upgrade && method === "GET"
      ? {
          upgrade: "websocket",
          connection: "Upgrade",
          "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
          "sec-websocket-version": "13",
        }
      : {}),
    ...(bodied ? { "content-type": "application/json" } : {}),
    ...(!upgrade && random.chance(4) ? { "X-HTTP-Method-Override": random.pick(METHODS) } : {}),
  };
  const base: PolicyRequest = {
    binary: program.startsWith("/") && program.endsWith("/") ? `${program}x` : program,
    host: nearHost(endpoint.host === "" ? "any.example.org" : endpoint.host, random),
    port: random.chance(90) ? random.pick(endpoint.ports) : random.pick([443, 8443, 80]),
    ...(random.chance(20) ? { ancestors: [random.pick(["/usr/bin/curl", "/opt/a/copilot", "/bin/sh"])] } : {}),
    ...(random.chance(40) ? { sha256: random.pick(["a", "b"]).repeat(64) } : {}),
    ...(random.chance(30) ? { script: random.pick(["/srv/a.py", "/srv/a/b.py"]) } : {}),
    ...(random.chance(25)
      ? {
          ip: random.pick(
            "93.184.216.34 203.0.113.7 10.1.2.3 10.2.0.1 192.168.7.7 127.0.0.1 169.254.169.254 8.8.8.8 ::ffff:10.1.2.3".split(
              " ",
            ),
          ),
        }
      : {}),
  };
  if (random.chance(10)) return base;
  return {
    ...base,
    method,
    path: nearPath(pathOf, random),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
    ...(bodied ? { body: body(endpoint, random) } : {}),
    ...(upgrade && method === "WEBSOCKET_TEXT" ? { body: "hello" } : {}),
  };
}
