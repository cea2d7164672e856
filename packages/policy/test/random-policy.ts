/** Random policies and requests over a small world, so that most parts of the language meet each other. */
import fc from "fast-check";
import type { PolicyRequest } from "../src/index.ts";

const PIN = "a".repeat(64);
const maybe = <T>(arbitrary: fc.Arbitrary<T>, freq = 4) => fc.option(arbitrary, { nil: undefined, freq });

const host = fc.constantFrom("api.a.example", "*.a.example", "**.a.example", "b.example.org", "10.1.2.3");
const method = fc.constantFrom("GET", "POST", "DELETE", "*");
const path = fc.constantFrom("/**", "/api/**", "/api/*", "/api/x", "/api/*/y", "/", "/admin");
const httpClause = fc.record(
  {
    method,
    path,
    query: fc.constantFrom({ q: "1*" }, { q: { any: ["2", "3"] } }),
    request: fc.constantFrom(
      { headers: { "content-type": "application/json*" } },
      { max_body_bytes: 4 },
      { headers: { "x-a": "b" } },
    ),
  },
  { requiredKeys: ["method", "path"] },
);
// A deny rule may not speak of the body's size.
const denyClause = httpClause.map((clause) =>
  clause.request !== undefined && "max_body_bytes" in clause.request
    ? { method: clause.method, path: clause.path }
    : clause,
);
const ports = fc.constantFrom([443], [443, 8443], [80]);
const common = {
  host,
  ports,
  allowed_ips: maybe(fc.constantFrom(["10.0.0.0/16"], ["10.1.0.0/16"], ["93.184.216.34"]), 2),
};

const restBase = {
  ...common,
  path: maybe(fc.constantFrom("/api/**", "/admin", "/api/x"), 2),
  protocol: fc.constantFrom("rest"),
  deny_rules: maybe(fc.array(denyClause, { minLength: 1, maxLength: 2 }), 2),
  enforcement: maybe(fc.constantFrom("audit", "enforce"), 2),
  allow_encoded_slash: maybe(fc.boolean(), 2),
};
const access = fc.constantFrom("read-only", "read-write", "full");
const rulesOf = (clause: fc.Arbitrary<object>) =>
  fc.array(
    clause.map((allow) => ({ allow })),
    { minLength: 1, maxLength: 3 },
  );
const rest = fc.oneof(fc.record({ ...restBase, access }), fc.record({ ...restBase, rules: rulesOf(httpClause) }));
const tool = fc.constantFrom("read*", "delete_repo", "read_file");
const mcpClause = fc.oneof(
  fc.record({ method: fc.constantFrom("tools/call", "tools/list", "initialize") }),
  fc.record({ method: fc.constant("tools/call"), tool }),
  fc.record({
    method: fc.constant("tools/call"),
    params: fc.record({ name: tool, arguments: fc.constantFrom({ path: "/w/**" }, { n: "1" }) }),
  }),
);
const mcp = fc.record({
  ...common,
  path: maybe(fc.constantFrom("/mcp"), 2),
  protocol: fc.constant("mcp"),
  rules: rulesOf(mcpClause),
  deny_rules: maybe(fc.array(mcpClause, { minLength: 1, maxLength: 2 }), 2),
});
const operation = fc.record(
  {
    operation_type: fc.constantFrom("query", "mutation", "*"),
    fields: fc.constantFrom(["viewer"], ["delete*"]),
    operation_name: fc.constantFrom("A", "B*"),
  },
  { requiredKeys: ["operation_type"] },
);
const graphql = fc.oneof(
  fc.record({
    ...common,
    protocol: fc.constant("graphql"),
    access,
    deny_rules: maybe(fc.array(operation, { minLength: 1, maxLength: 2 }), 2),
  }),
  fc.record({
    ...common,
    protocol: fc.constant("graphql"),
    path: maybe(fc.constant("/graphql"), 2),
    rules: rulesOf(operation),
  }),
);
const websocket = fc.oneof(
  fc.record({ ...common, protocol: fc.constant("websocket"), access }),
  fc.record({
    ...common,
    protocol: fc.constant("websocket"),
    rules: rulesOf(fc.record({ method: fc.constantFrom("GET", "WEBSOCKET_TEXT"), path })),
  }),
);
const raw = fc.record({ ...common });
const hostless = fc.record({ ports, allowed_ips: fc.constantFrom(["10.0.0.0/8"], ["93.184.216.34"]) });
const endpoint = fc.oneof(
  { arbitrary: rest, weight: 6 },
  { arbitrary: raw, weight: 1 },
  { arbitrary: hostless, weight: 1 },
  { arbitrary: mcp, weight: 2 },
  { arbitrary: graphql, weight: 2 },
  { arbitrary: websocket, weight: 1 },
);
const binary = fc.record(
  {
    path: fc.constantFrom("/usr/bin/curl", "/usr/bin/*", "/usr/bin/git", "/opt/a"),
    sha256: fc.constant(PIN),
    inherit: fc.boolean(),
    script: fc.constantFrom("/opt/*.py"),
  },
  { requiredKeys: ["path"] },
);
const plainBinary = fc.record({ path: fc.constantFrom("/usr/bin/curl", "/usr/bin/*", "/usr/bin/git") });
const entry = fc.record({
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 3 }),
  binaries: fc.array(fc.oneof({ arbitrary: plainBinary, weight: 3 }, { arbitrary: binary, weight: 1 }), {
    minLength: 1,
    maxLength: 2,
  }),
  expires_at: maybe(fc.constantFrom("1969-01-01T00:00:00Z", "2030-01-01T00:00:00Z"), 4),
});
const inference = fc.constantFrom(
  { enabled: false },
  { models: ["nvidia/*", "m"] },
  { binaries: [{ path: "/usr/bin/git" }] },
  { binaries: [{ path: "/usr/bin/curl" }, { path: "/usr/bin/git" }] },
);
const policy = fc.record({
  version: fc.constant(1),
  network_policies: fc.dictionary(fc.constantFrom("one", "two", "three"), entry, { maxKeys: 3 }),
  inference: maybe(inference, 2),
  mode: maybe(fc.constantFrom("monitor", "enforce"), 3),
  network_middlewares: maybe(
    fc.constant({ m: { middleware: "x", endpoints: { include: ["*.a.example"], exclude: ["b.a.example"] } } }),
    2,
  ),
});

/** A file as JSON, which is YAML; `indent` 0 puts all of it on one line. */
export const policyText: fc.Arbitrary<string> = fc
  .tuple(policy, fc.constantFrom(0, 2))
  .map(([value, indent]) => JSON.stringify(value, null, indent));

const body = fc.constantFrom(
  "{}",
  "not json",
  '{"model":"nvidia/x"}',
  '{"model":"other"}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read_file","arguments":{"path":"/w/a"}}}',
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete_repo"}}',
  '{"jsonrpc":"2.0","id":1,"method":"initialize"}',
  '[{"jsonrpc":"2.0","id":1,"method":"initialize"},{"jsonrpc":"2.0","id":2,"method":"tools/list"}]',
  '{"query":"query A { viewer }"}',
  '{"query":"mutation { deleteAll viewer }"}',
);
const target = fc.constantFrom(
  "/",
  "/api",
  "/api/x",
  "/api/x/",
  "/API/X",
  "/api/x/y",
  "/admin",
  "/Admin/",
  "/api/x%2Fy",
  "/api/x?q=12",
  "/api/x?q=2&q=3",
  "/mcp",
  "/graphql",
  "/../x",
  "/a;b",
);
const connection = {
  binary: fc.oneof(
    { arbitrary: fc.constant("/usr/bin/curl"), weight: 6 },
    { arbitrary: fc.constantFrom("/usr/bin/git", "/opt/a", "/opt/b", ""), weight: 2 },
  ),
  sha256: maybe(fc.constantFrom(PIN, "b".repeat(64)), 3),
  script: maybe(fc.constantFrom("/opt/a.py", "/opt/b.sh"), 3),
  ancestors: maybe(fc.constantFrom(["/usr/bin/git"], ["/usr/bin/curl", "/bin/sh"]), 3),
  host: fc.oneof(
    { arbitrary: fc.constantFrom("api.a.example", "b.example.org"), weight: 6 },
    {
      arbitrary: fc.constantFrom(
        "API.A.example.",
        "x.api.a.example",
        "b.a.example",
        "10.1.2.3",
        "127.0.0.1",
        "a b",
        "inference.local",
      ),
      weight: 3,
    },
  ),
  port: fc.oneof(
    { arbitrary: fc.constant(443), weight: 5 },
    { arbitrary: fc.constantFrom(80, 8443, 22, 0), weight: 1 },
  ),
  ip: maybe(fc.constantFrom("93.184.216.34", "10.0.1.1", "10.1.2.3", "169.254.169.254", "nonsense"), 2),
};
const headers = fc.constantFrom<Record<string, string>>(
  {},
  { "content-type": "application/json" },
  { "x-a": "b", "content-length": "3" },
  { "X-HTTP-Method-Override": "DELETE" },
  { upgrade: "websocket" },
);
export const anyRequest: fc.Arbitrary<PolicyRequest> = fc.oneof(
  { arbitrary: fc.record(connection), weight: 1 },
  {
    arbitrary: fc.record({
      ...connection,
      method: fc.oneof(
        { arbitrary: fc.constantFrom("GET", "POST", "DELETE"), weight: 5 },
        { arbitrary: fc.constantFrom("get", "CONNECT", "WEBSOCKET_TEXT"), weight: 1 },
      ),
      path: target,
      headers: maybe(headers, 2),
      body: maybe(body, 2),
    }),
    weight: 4,
  },
);
