import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compilePolicy, decide, lintPolicy, type PolicyRequest, parsePolicy, presets } from "../src/index.ts";
import { codes, compiled, must } from "./support.ts";

const page = readFileSync(
  new URL("../../../docs/policy/coming-from-openshell-or-nemoclaw.md", import.meta.url),
  "utf8",
);
const [theirs = "", ours = ""] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
const BEFORE_THE_END = Date.parse("2027-01-01T00:00:00Z");

describe("the page", () => {
  test("its examples load, and lint says what the page says", () => {
    expect(lintPolicy(theirs, BEFORE_THE_END).map((problem) => problem.code)).toEqual(["deprecated"]);
    expect(lintPolicy(ours, BEFORE_THE_END).filter((problem) => problem.severity === "error")).toEqual([]);
  });
  test("names no preset that there is not, and every preset that stands for one of NemoClaw's", () => {
    const rows = [...page.matchAll(/^\| (`[^|]*) \| (`[^|]*|each[^|]*|the same[^|]*) \|/gm)];
    const known = new Set(presets.map((preset) => preset.name));
    const section = page.slice(page.indexOf("## Presets"), page.indexOf("## An example"));
    for (const [, left = "", right = ""] of rows.filter(([row]) => section.includes(row))) {
      const named = (text: string) => [...text.matchAll(/`([a-z0-9-]+)`/g)].map((match) => match[1] ?? "");
      const expected = right.startsWith("the same")
        ? named(left).filter((name) => name !== "ghcr")
        : named(right).filter((name) => name !== "-write" && name !== "ghcr");
      for (const name of expected) expect(known).toContain(name);
    }
    expect(rows.length).toBeGreaterThan(10);
  });
});

const entry = (endpoint: string, binaries = "[{path: /usr/local/bin/agent}]") =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints: [${endpoint}]\n    binaries: ${binaries}\n`;
const judge = (yaml: string, request: Partial<PolicyRequest>) =>
  decide(
    compilePolicy(must(parsePolicy(yaml))),
    { binary: "/usr/local/bin/agent", host: "api.example.com", port: 443, ...request },
    0,
  ).decision;

describe("constructs of existing files load and mean what they say", () => {
  test("a preset without version", () => {
    const text =
      'preset: {name: chat, description: "Bots"}\nnetwork_policies: {chat: {name: chat, endpoints: [{host: api.example.com, port: 443, protocol: rest, enforcement: enforce, tls: terminate, rules: [{allow: {method: GET, path: "/bot*/**"}}]}], binaries: [{path: /usr/local/bin/agent}]}}\n';
    expect(judge(text, { method: "GET", path: "/bot1:x/getUpdates" })).toBe("allow");
    expect(judge(text, { method: "POST", path: "/bot1:x/getUpdates" })).toBe("deny");
  });
  test("rules that allow everything, on an endpoint without protocol", () => {
    const text = entry('{host: api.example.com, port: 443, rules: [{allow: {method: "*", path: "/**"}}]}');
    expect(codes(text)).toEqual(["rules_without_protocol"]);
    expect(judge(text, {})).toBe("allow");
  });
  test("access: full without protocol", () => {
    expect(judge(entry("{host: api.example.com, port: 443, access: full}"), { method: "DELETE", path: "/x" })).toBe(
      "allow",
    );
  });
  test("an entry without binaries allows nobody, and says so", () => {
    const text = "version: 1\nnetwork_policies:\n  x:\n    endpoints: [{host: api.example.com, port: 443}]\n";
    expect(codes(text)).toEqual(["no_binaries"]);
    expect(judge(text, {})).toBe("deny");
  });
  test("any program, by pattern", () => {
    expect(judge(entry("{host: api.example.com, port: 443}", '[{path: "/**"}]'), { binary: "/bin/anything" })).toBe(
      "allow",
    );
  });
  test("git's smart HTTP by query", () => {
    const text = entry(
      '{host: api.example.com, port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/**/info/refs*", query: {service: git-upload-pack}}}, {allow: {method: POST, path: "/**/git-upload-pack"}}]}',
    );
    expect(judge(text, { method: "GET", path: "/o/r.git/info/refs?service=git-upload-pack" })).toBe("allow");
    expect(judge(text, { method: "GET", path: "/o/r.git/info/refs?service=git-receive-pack" })).toBe("deny");
    expect(judge(text, { method: "POST", path: "/o/r.git/git-receive-pack" })).toBe("deny");
  });
  test("several ports, a bare `**` path, `ports` out of order", () => {
    const text = entry(
      '{host: api.example.com, ports: [8443, 443], protocol: rest, rules: [{allow: {method: get, path: "**"}}]}',
    );
    expect(judge(text, { port: 8443, method: "GET", path: "/a/b" })).toBe("allow");
    expect(judge(text, { port: 80, method: "GET", path: "/a/b" })).toBe("deny");
  });
  test("an empty path selects everything, an empty host only by addresses", () => {
    expect(
      judge(entry('{host: api.example.com, port: 443, path: "", protocol: rest, access: read-only}'), {
        method: "GET",
        path: "/x",
      }),
    ).toBe("allow");
    expect(judge(entry('{host: "", port: 443, allowed_ips: [10.2.0.0/16]}'), { ip: "10.2.3.4" })).toBe("allow");
    expect(judge(entry('{host: "", port: 443, allowed_ips: [10.2.0.0/16]}'), { ip: "10.3.3.4" })).toBe("deny");
  });
  test("database traffic by name and private address", () => {
    const text = entry(
      "{host: redis.example.com, port: 6379, protocol: tcp, allowed_ips: [10.0.0.0/8, 172.16.0.0/12]}",
    );
    expect(judge(text, { host: "redis.example.com", port: 6379, ip: "172.17.0.2" })).toBe("allow");
    expect(judge(text, { host: "redis.example.com", port: 6379, ip: "192.168.1.1" })).toBe("deny");
  });
  test("an MCP server where every known method passes but a named tool", () => {
    const text = entry(
      "{host: api.example.com, port: 443, path: /mcp, protocol: mcp, mcp: {max_body_bytes: 131072, allow_all_known_mcp_methods: true}, rules: [{allow: {}}], deny_rules: [{method: tools/call, tool: {any: [delete_*, drop]}}]}",
    );
    const call = (name: string) => ({
      method: "POST",
      path: "/mcp",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: {} } }),
    });
    expect(judge(text, call("read_file"))).toBe("allow");
    expect(judge(text, call("delete_file"))).toBe("deny");
  });
  test("JSON-RPC by exact method", () => {
    const text = entry(
      "{host: api.example.com, port: 443, protocol: json-rpc, rules: [{allow: {method: reports.search}}]}",
    );
    const call = (method: string) => ({
      method: "POST",
      path: "/rpc",
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method }),
    });
    expect(judge(text, call("reports.search"))).toBe("allow");
    expect(judge(text, call("reports.delete"))).toBe("deny");
  });
  test("GraphQL over HTTP and a WebSocket with GraphQL rules", () => {
    const text = entry(
      '{host: api.example.com, port: 443, path: /graphql, protocol: graphql, persisted_queries: deny, rules: [{allow: {operation_type: query, operation_name: "*", fields: [repository, viewer]}}], deny_rules: [{operation_type: "*", fields: [secrets]}]}',
    );
    const ask = (query: string) => ({
      method: "POST",
      path: "/graphql",
      body: JSON.stringify({ query, operationName: "a" }),
    });
    expect(judge(text, ask("query a { viewer { login } }"))).toBe("allow");
    expect(judge(text, ask("query a { secrets { name } }"))).toBe("deny");
    expect(judge(text, ask("mutation a { viewer { login } }"))).toBe("deny");
    expect(
      codes(
        entry(
          "{host: api.example.com, port: 443, path: /ws, protocol: websocket, rules: [{allow: {method: GET, path: /ws}}, {allow: {operation_type: subscription}}], websocket_credential_rewrite: true}",
        ),
      ),
    ).toEqual([]);
  });
  test("middlewares with and without settings, signing, bindings, the static sections", () => {
    const text = `version: 1
filesystem_policy: {include_workdir: true, read_only: [/usr, /dev/urandom], read_write: [/sandbox, /dev/null]}
landlock: {compatibility: hard_requirement}
process: {run_as_user: sandbox, run_as_group: 1000}
network_middlewares:
  redact: {name: Redactor, middleware: example/regex, order: 20, on_error: fail_open, endpoints: {include: [api.example.com, "*.service.example.com"], exclude: [in.service.example.com]}, config: {mode: redact}}
  guard: {middleware: example/guard, endpoints: {include: [api.example.com]}}
network_policies:
  aws:
    endpoints: [{host: "*.s3.*.example.com", port: 443, protocol: rest, access: read-only, credential_signing: sigv4, signing_service: s3, signing_region: eu-1, credential_binding: {provider: aws}}]
    binaries: [{path: /usr/local/bin/agent, harness: true}]
`;
    expect(codes(text)).toEqual(["deprecated"]);
    expect(compiled(text).policy.network_middlewares.redact?.config).toEqual({ mode: "redact" });
  });
  test.each([
    ["the protocol sql", "{host: api.example.com, port: 5432, protocol: sql}", "unknown_value"],
    ["rest without rules", "{host: api.example.com, port: 443, protocol: rest}", "no_base"],
    [
      "rest over TLS that stays shut",
      "{host: api.example.com, port: 443, protocol: rest, tls: skip, access: full}",
      "uninspected",
    ],
    ["native TCP without a name", "{port: 6379, protocol: tcp, allowed_ips: [10.0.5.0/24]}", "hostless"],
    [
      "parameters of JSON-RPC",
      "{host: api.example.com, port: 443, protocol: json-rpc, rules: [{allow: {method: a, params: {query: x}}}]}",
      "field_without_effect",
    ],
    ["link-local addresses", "{host: api.example.com, port: 443, allowed_ips: [169.254.0.0/16]}", "bad_allowed_ip"],
    ["a catch-all host", '{host: "**", port: 443}', "catch_all_host"],
  ])("refused, as there or more strictly: %s", (_, endpoint, code) => {
    expect(codes(entry(endpoint))).toContain(code);
    expect(parsePolicy(entry(endpoint)).policy).toBeNull();
  });
});
