import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicy, policyDigest } from "../src/index.ts";
import { codes, must } from "./support.ts";

const endpoint = (fields: string, top = ""): string =>
  `version: 1\n${top}network_policies:\n  x:\n    endpoints:\n      - { ${fields} }\n    binaries: [{ path: /usr/bin/curl }]\n`;
const REST = "host: api.example.com, port: 443, protocol: rest";

describe("a valid file", () => {
  test("with every field of OpenShell's schema loads without a problem", () => {
    const text = `version: 1
filesystem_policy: { include_workdir: true, read_only: [/usr, /etc], read_write: [/tmp] }
landlock: { compatibility: hard_requirement }
process: { run_as_user: sandbox, run_as_group: "1500" }
network_policies:
  a:
    name: all fields
    endpoints:
      - { host: "*.example.com", ports: [443, 8443], path: /v1/**, protocol: rest, enforcement: enforce, access: read-write, deny_rules: [{ method: POST, path: /v1/x/**, query: { scope: { any: [admin*] } } }], allowed_ips: [10.1.0.0/16], allow_encoded_slash: true, websocket_credential_rewrite: true, request_body_credential_rewrite: true, credential_binding: { provider: p } }
      - { host: s3.example.com, port: 443, protocol: rest, access: full, credential_signing: "sigv4:body", signing_service: s3, signing_region: eu-1 }
      - { host: ws.example.com, port: 443, protocol: websocket, rules: [{ allow: { method: GET, path: /graphql } }, { allow: { operation_type: subscription, fields: [a] } }] }
      - { host: g.example.com, port: 443, protocol: graphql, access: read-only, persisted_queries: allow_registered, graphql_persisted_queries: { h: { operation_type: query, fields: [viewer] } }, graphql_max_body_bytes: 1000 }
      - { host: m.example.com, port: 443, protocol: mcp, mcp: { max_body_bytes: 1000, strict_tool_names: true, allow_all_known_mcp_methods: true }, deny_rules: [{ tool: delete* }] }
      - { host: m2.example.com, port: 443, protocol: mcp, rules: [{ allow: { method: tools/call, params: { name: read, arguments: { path: /workspace/** } } } }] }
      - { host: r.example.com, port: 443, protocol: json-rpc, json_rpc: { max_body_bytes: 1000 }, rules: [{ allow: { method: reports.list } }] }
      - { host: db.example.com, port: 5432, protocol: tcp }
      - { host: raw.example.com, port: 443, tls: skip }
      - { port: 8080, allowed_ips: [10.0.0.0/16] }
    binaries: [{ path: /usr/bin/python3* }, { path: /opt/tool, sha256: ${"a".repeat(64)}, inherit: false }]
network_middlewares:
  m: { name: M, middleware: openshell/regex, order: 1, config: { mode: redact }, on_error: fail_open, endpoints: { include: ["*.example.com"], exclude: [x.example.com] } }
`;
    expect(parsePolicy(text).problems).toEqual([]);
  });

  test("with everything Creel adds loads", () => {
    const text = `version: 1
mode: monitor
monitor_until: 2027-01-01T00:00:00Z
network_policies:
  a:
    owner: team
    reason: tickets
    ticket: T-1
    expires_at: 2027-01-01T00:00:00+02:00
    limits: { requests: 10, bytes: 1000, per: minute }
    request: { headers: { content-type: application/json* }, max_body_bytes: 1000 }
    endpoints: [{ ${REST}, access: full }]
    binaries: [{ path: /usr/bin/python3, script: /opt/job.py }]
inference: { models: ["nvidia/*"], binaries: [{ path: /usr/bin/node }], routes: [{ sensitivity: secret, models: [local] }], budgets: [{ usd: 5, per: day }], limits: { requests: 5, per: minute } }
credentials: { token: { endpoints: [{ host: api.example.com, port: 443, path: /v1/** }] } }
tests: [{ request: { binary: /usr/bin/curl, host: x.example, port: 443 }, expect: would_deny }]
`;
    expect(parsePolicy(text).problems).toEqual([]);
  });

  test("enforcement left out means enforce", () => {
    expect(must(parsePolicy(endpoint(`${REST}, access: full`))).network_policies.x?.endpoints[0]?.enforcement).toBe(
      "enforce",
    );
  });

  test("a preset needs no version", () => {
    expect(codes("preset: { name: slack }\nnetwork_policies: {}\n")).toEqual([]);
  });
});

describe("a problem", () => {
  test("names line, column and field, and says what to write", () => {
    const { policy, problems } = parsePolicy(endpoint(`${REST}, access: full, enforcment: enforce`));
    expect(policy).toBeNull();
    expect(problems).toEqual([
      {
        code: "unknown_field",
        severity: "error",
        place: { line: 5, column: 75, field: "network_policies.x.endpoints[0].enforcment" },
        message: "There is no field `enforcment` here.",
        remedy: "Did you mean `enforcement`?",
      },
    ]);
  });

  test("does not hide the next: all errors at once", () => {
    const text = `version: 2\nprocess: { run_as_user: root }\nlandlock: { compatibility: hard-requirement }\nfilesystem_policy: { read_write: [/], read_only: [rel, /a/../b] }\nnetwork_policies:\n  x:\n    endpoints: [{ host: "**", port: 0 }]\n    binaries: [{ path: curl }]\n`;
    expect(codes(text)).toEqual([
      "unknown_value",
      "root_user",
      "unknown_value",
      "root_writable",
      "bad_path",
      "path_traversal",
      "catch_all_host",
      "wrong_type",
      "bad_path",
    ]);
  });

  test.each<[string, string, string]>([
    ["no version", "network_policies: {}\n", "missing"],
    ["a list at the top", "- a\n", "wrong_type"],
    ["text where a number belongs", endpoint('host: a.example.com, port: "443"'), "wrong_type"],
    ["a misspelt enforcement", endpoint(`${REST}, access: full, enforcement: enforced`), "unknown_value"],
    ["a misspelt access", endpoint(`${REST}, access: readonly`), "unknown_value"],
    ["a misspelt landlock mode", "version: 1\nlandlock: { compatibility: hard-requirement }\n", "unknown_value"],
    ["protocol sql, which nothing inspects", endpoint("host: a.example.com, port: 1, protocol: sql"), "unknown_value"],
    ["host *", endpoint('host: "*", port: 443'), "catch_all_host"],
    ["host **", endpoint('host: "**", port: 443'), "catch_all_host"],
    ["host *.com", endpoint('host: "*.com", port: 443'), "bad_host"],
    ["a wildcard inside a later label", endpoint('host: "foo.us-*.example.com", port: 443'), "bad_host"],
    ["** in the middle", endpoint('host: "foo.**.example.com", port: 443'), "bad_host"],
    ["** inside a label", endpoint('host: "a**.example.com", port: 443'), "bad_host"],
    ["a host with a scheme", endpoint('host: "https://a.example.com", port: 443'), "bad_host"],
    ["a metadata address", endpoint("host: 169.254.169.254, port: 80"), "bad_host"],
    ["loopback in octal", endpoint('host: "0177.0.0.1", port: 80'), "bad_host"],
    ["neither host nor allowed_ips", endpoint("port: 443"), "missing"],
    ["no port", endpoint("host: a.example.com"), "missing"],
    ["port and ports", endpoint("host: a.example.com, port: 1, ports: [2]"), "exclusive"],
    ["port 65536", endpoint("host: a.example.com, port: 65536"), "wrong_type"],
    [
      "rules beside access",
      endpoint(`${REST}, access: full, rules: [{ allow: { method: GET, path: / } }]`),
      "exclusive",
    ],
    [
      "rules without protocol",
      endpoint("host: a.example.com, port: 443, rules: [{ allow: { method: GET, path: /x } }]"),
      "uninspected",
    ],
    [
      "deny_rules without protocol",
      endpoint("host: a.example.com, port: 443, deny_rules: [{ method: GET, path: /x }]"),
      "uninspected",
    ],
    ["access read-only without protocol", endpoint("host: a.example.com, port: 443, access: read-only"), "uninspected"],
    [
      "rules under tcp",
      endpoint("host: a.example.com, port: 443, protocol: tcp, rules: [{ allow: { method: GET, path: /x } }]"),
      "uninspected",
    ],
    ["an address under tcp", endpoint("host: 8.8.8.8, port: 443, protocol: tcp"), "bad_host"],
    ["tls skip on an inspected endpoint", endpoint(`${REST}, access: full, tls: skip`), "uninspected"],
    ["rest without rules or access", endpoint(REST), "no_base"],
    ["empty rules", endpoint(`${REST}, rules: []`), "empty_list"],
    ["empty deny_rules", endpoint(`${REST}, access: full, deny_rules: []`), "empty_list"],
    ["access on mcp", endpoint("host: a.example.com, port: 443, protocol: mcp, access: full"), "access_on_rpc"],
    ["json-rpc without rules", endpoint("host: a.example.com, port: 443, protocol: json-rpc"), "no_base"],
    [
      "a tool under rest",
      endpoint(`${REST}, rules: [{ allow: { method: GET, path: /, tool: x } }]`),
      "field_without_effect",
    ],
    [
      "a tool without tools/call",
      endpoint("host: a.example.com, port: 443, protocol: mcp, rules: [{ allow: { method: tools/list, tool: x } }]"),
      "tool_without_call",
    ],
    [
      "a glob as JSON-RPC method",
      endpoint('host: a.example.com, port: 443, protocol: json-rpc, rules: [{ allow: { method: "reports.*" } }]'),
      "bad_method",
    ],
    ["a rule for CONNECT", endpoint(`${REST}, rules: [{ allow: { method: CONNECT, path: / } }]`), "bad_method"],
    ["a path with dot segments", endpoint(`${REST}, rules: [{ allow: { method: GET, path: /a/../b } }]`), "bad_path"],
    [
      "a path that begins with no slash",
      endpoint(`${REST}, rules: [{ allow: { method: GET, path: api } }]`),
      "bad_path",
    ],
    ["braces in a glob", endpoint(`${REST}, rules: [{ allow: { method: GET, path: "/{a,b}" } }]`), "bad_glob"],
    [
      "allowed_ips that touch loopback",
      endpoint("host: a.example.com, port: 443, allowed_ips: [127.0.0.0/8]"),
      "bad_allowed_ip",
    ],
    [
      "allowed_ips of everything",
      endpoint("host: a.example.com, port: 443, allowed_ips: [0.0.0.0/0]"),
      "bad_allowed_ip",
    ],
    [
      "allowed_ips that map loopback",
      endpoint('host: a.example.com, port: 443, allowed_ips: ["::ffff:127.0.0.1"]'),
      "bad_allowed_ip",
    ],
    ["allowed_ips of all of IPv6", endpoint('host: a.example.com, port: 443, allowed_ips: ["::/0"]'), "bad_allowed_ip"],
    ["user 0", "version: 1\nprocess: { run_as_user: 0 }\n", "root_user"],
    ["user 4294967295", 'version: 1\nprocess: { run_as_user: "4294967295" }\n', "bad_user"],
    ["a time without zone", "version: 1\nmode: monitor\nmonitor_until: 2027-01-01 00:00\n", "bad_time"],
    [
      "two middlewares of one order",
      "version: 1\nnetwork_middlewares:\n  a: { middleware: x, endpoints: { include: [a.example.com] } }\n  b: { middleware: x, endpoints: { include: [a.example.com] } }\n",
      "duplicate_order",
    ],
    ["a key twice", "version: 1\nversion: 1\n", "duplicate"],
    ["an anchor", "version: 1\nlandlock: &a { compatibility: best_effort }\n", "anchor"],
    ["an alias", "version: 1\nlandlock: &a { compatibility: best_effort }\nprocess: *a\n", "anchor"],
    ["a merge key", "version: 1\nlandlock: { <<: { compatibility: best_effort } }\n", "merge"],
    ["a tag", "version: 1\nlandlock: !!js/function x\n", "yaml"],
    ["two documents", "version: 1\n---\nversion: 1\n", "yaml"],
    ["broken YAML", "version: 1\nnetwork_policies: [\n", "yaml"],
    ["nothing", "", "wrong_type"],
    ["an entry without a name", 'version: 1\nnetwork_policies:\n  "": { endpoints: [], binaries: [] }\n', "bad_key"],
    ["a credential without a name", 'version: 1\ncredentials:\n  "": { endpoints: [] }\n', "bad_key"],
    [
      "a middleware without a name",
      'version: 1\nnetwork_middlewares:\n  "": { middleware: x, endpoints: { include: [a.example.com] } }\n',
      "bad_key",
    ],
    [
      "three stars in an MCP method",
      endpoint('host: a.example.com, port: 443, protocol: mcp, rules: [{ allow: { method: "tools/***" } }]'),
      "bad_method",
    ],
    [
      "braces in a JSON-RPC method",
      endpoint('host: a.example.com, port: 443, protocol: json-rpc, rules: [{ allow: { method: "{a}" } }]'),
      "bad_method",
    ],
    [
      "an escape in brackets, which would become a range",
      endpoint(`${REST}, rules: [{ allow: { method: GET, path: "/[z%2Da]" } }]`),
      "bad_path",
    ],
    [
      "braces in a credential's path",
      'version: 1\ncredentials:\n  a: { endpoints: [{ host: a.example.com, port: 443, path: "/{a}" }] }\n',
      "bad_glob",
    ],
    ["__proto__ as a field", "version: 1\n__proto__: { mode: monitor }\n", "unknown_field"],
  ])("%s is an error", (_, text, code) => {
    const { policy, problems } = parsePolicy(text);
    expect(problems.filter((problem) => problem.severity === "error").map((problem) => problem.code)).toContain(code);
    expect(policy).toBeNull();
    for (const problem of problems) {
      expect(problem.place.line).toBeGreaterThan(0);
      expect(problem.message).toMatch(/[.!?]$/);
      expect(problem.remedy).toMatch(/[.!?]$/);
    }
  });

  test("rules that allow everything without protocol are only a warning, as in NemoClaw's baseline", () => {
    const { policy, problems } = parsePolicy(
      endpoint('host: a.example.com, port: 443, rules: [{ allow: { method: "*", path: "/**" } }]'),
    );
    expect(problems.map((p) => [p.code, p.severity])).toEqual([["rules_without_protocol", "warning"]]);
    expect(policy).not.toBeNull();
  });
});

describe("a hostile file is refused with few problems", () => {
  const bombs: [string, string][] = [
    ["deep flow lists", "[".repeat(500_000)],
    ["deep flow maps", "{a: ".repeat(200_000)],
    ["deep compact lists", "- ".repeat(400_000)],
    ["deep explicit keys", "? ".repeat(400_000)],
    ["deep indentation", Array.from({ length: 1_000 }, (_, i) => `${" ".repeat(i)}k:`).join("\n")],
    [
      "aliases that multiply",
      `a: &a [x]\n${Array.from({ length: 40 }, (_, i) => `b${i}: &b${i} [*a, *a]`).join("\n")}`,
    ],
    ["many duplicate keys", "k: 1\n".repeat(150_000)],
    ["many keys", Array.from({ length: 80_000 }, (_, i) => `k${i}: 1`).join("\n")],
    ["a key as long as the file", `${"k".repeat(900_000)}: 1`],
    ["more than a megabyte", "#".repeat(1_100_000)],
    ["many comments", "# x\n".repeat(200_000)],
    ["many documents", "---\n".repeat(200_000)],
  ];
  test.each(bombs)("%s", (_, text) => {
    const { policy, problems } = parsePolicy(text);
    expect(policy).toBeNull();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(200);
  });

  test("any text at all yields a policy or problems, never an exception", () => {
    const word = fc.constantFrom(
      "version: 1",
      "network_policies:",
      "  x:",
      "    endpoints:",
      "      - host: a.b.c",
      "        port: 1",
      "&a",
      "*a",
      "!!x",
      "[",
      "]",
      "{",
      "}",
      "'",
      '"',
      "|",
      ">",
      "\n",
      "\t",
      ": ",
      "- ",
      "\u0000",
      "é",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word, { maxLength: 20 }).map((w) => w.join("\n")),
        ),
        (text) => {
          const { policy, problems } = parsePolicy(text);
          expect(policy === null).toBe(problems.some((p) => p.severity === "error"));
        },
      ),
      { numRuns: 1_000 },
    );
  });
});

describe("policyDigest", () => {
  test("does not see comments, order of keys, quoting or spelled-out defaults", () => {
    const a = parsePolicy(endpoint(`${REST}, access: full`));
    const b = parsePolicy(
      `# a comment\nmode: enforce\nnetwork_policies:\n  "x":\n    binaries:\n      - path: '/usr/bin/curl'\n    endpoints:\n      - protocol: rest\n        ports: [443]\n        enforcement: enforce\n        access: full\n        host: API.example.com.\nversion: 1\n`,
    );
    expect(policyDigest(must(a))).toBe(policyDigest(must(b)));
  });
  test("sees every change of meaning", () => {
    const variants = [
      `${REST}, access: full`,
      `${REST}, access: read-only`,
      `${REST}, access: full, enforcement: audit`,
      `${REST}, access: full, path: /x`,
    ];
    expect(new Set(variants.map((fields) => policyDigest(must(parsePolicy(endpoint(fields)))))).size).toBe(
      variants.length,
    );
  });
});
