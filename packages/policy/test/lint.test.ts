/** Each finding has a file that gives exactly it, and the same file repaired, which gives none. */
import { describe, expect, test } from "vitest";
import { lintCodes, lintPolicy } from "../src/index.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const lint = (text: string): string[] => lintPolicy(text, NOW).map((p) => p.code);
const API = "host: api.example.com, port: 443";

interface Parts {
  binary?: string;
  /** Further fields of the entry. */
  entry?: string;
  /** Further entries, or what else stands behind them. */
  more?: string;
}
/** One entry `x` with one endpoint. */
const file = (endpoint: string, { binary = "{path: /usr/bin/agent}", entry = "", more = "" }: Parts = {}): string =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints: [{${endpoint}}]\n    binaries: [${binary}]\n${entry}${more}`;
const rest = (fields: string, parts?: Parts): string => file(`${API}, protocol: rest, ${fields}`, parts);
const another = (endpoint: string, binary = "/usr/bin/agent"): string =>
  `  y:\n    endpoints: [{${endpoint}}]\n    binaries: [{path: ${binary}}]\n`;
const READ = 'rules: [{allow: {method: GET, path: "/api/**"}}]';

/** Two entries of one host whose programs and ports are compared with each other. */
function paired(ports: number): string {
  const entry = (key: string): string => {
    const binaries = Array.from({ length: 100 }, (_, i) => `{path: /p/${key}${i}}`).join(", ");
    const numbers = Array.from({ length: ports }, (_, i) => i + 100).join(", ");
    return `  ${key}: {endpoints: [{host: api.example.com, ports: [${numbers}], protocol: rest, access: read-only}], binaries: [${binaries}]}\n`;
  };
  return `version: 1\nnetwork_policies:\n${entry("a")}${entry("b")}`;
}

const tools = (rules: string): string =>
  `version: 1\nnetwork_policies:\n  t: {endpoints: [{host: api.example.com, port: 443, protocol: mcp, ${rules}}], binaries: [{path: /opt/agent}]}\n`;

const FINDINGS: [code: string, what: string, bad: string, repaired: string][] = [
  ["lint_stopped", "more pairs than are compared", paired(250), paired(150)],
  [
    "deny_argument_spelling",
    "a path in an argument",
    tools(
      'rules: [{allow: {method: tools/call, tool: read_file}}], deny_rules: [{method: tools/call, tool: read_file, params: {arguments: {path: "/etc/**"}}}]',
    ),
    tools('rules: [{allow: {method: tools/call, tool: read_file, params: {arguments: {path: "/kb/**"}}}}]'),
  ],
  ["any_binary", "any program", rest(READ, { binary: '{path: "/**"}' }), rest(READ)],
  ["audit_only", "audit", rest(`${READ}, enforcement: audit`), rest(READ)],
  [
    "credential_plain_http",
    "a secret on port 80",
    file("host: api.example.com, port: 80, protocol: rest, access: read-only", {
      more: "credentials: {k: {endpoints: [{host: api.example.com, port: 80}]}}\n",
    }),
    rest(READ, { more: "credentials: {k: {endpoints: [{host: api.example.com, port: 443}]}}\n" }),
  ],
  [
    "credential_uninspected",
    "a secret's host that is reachable raw",
    file("host: api.example.com, port: 443, tls: skip", {
      more: "credentials: {k: {endpoints: [{host: api.example.com, port: 443}]}}\n",
    }),
    rest(READ, { more: "credentials: {k: {endpoints: [{host: api.example.com, port: 443}]}}\n" }),
  ],
  [
    "credential_unreachable",
    "a secret that nothing uses",
    rest(READ, { more: "credentials: {k: {endpoints: [{host: other.example.com, port: 443}]}}\n" }),
    rest(READ, { more: "credentials: {k: {endpoints: [{host: api.example.com, port: 443}]}}\n" }),
  ],
  [
    "credential_wide_endpoint",
    "a signature for every host of a pattern",
    file(
      'host: "*.s3.example.com", port: 443, protocol: rest, access: read-only, credential_signing: sigv4, signing_service: s3',
    ),
    file(
      "host: b.s3.example.com, port: 443, protocol: rest, access: read-only, credential_signing: sigv4, signing_service: s3",
    ),
  ],
  [
    "deny_longer_path",
    "a deny that a longer path slips past",
    rest('access: full, deny_rules: [{method: "*", path: /admin}]'),
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]'),
  ],
  [
    "deny_single_segment",
    "a deny whose star real paths outgrow",
    rest('access: full, deny_rules: [{method: "*", path: "/repos/*/hooks/**"}]'),
    rest('access: full, deny_rules: [{method: "*", path: "/repos/*/*/hooks/**"}]'),
  ],
  [
    "deny_other_method",
    "a deny of POST where PUT does the same",
    rest('access: read-write, deny_rules: [{method: POST, path: "/admin/**"}]'),
    rest('access: read-write, deny_rules: [{method: "*", path: "/admin/**"}]'),
  ],
  [
    "deny_query_in_body",
    "a denied parameter in the body",
    rest('access: full, deny_rules: [{method: "*", path: "/grant/**", query: {scope: "admin*"}}]'),
    rest('access: full, deny_rules: [{method: "*", path: "/grant/**"}]'),
  ],
  [
    "deny_other_port",
    "a second port without the deny",
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another("host: api.example.com, port: 8443, protocol: rest, access: full"),
    }),
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another(
        'host: api.example.com, port: 8443, protocol: rest, access: full, deny_rules: [{method: "*", path: "/admin/**"}]',
      ),
    }),
  ],
  [
    "deny_sibling_host",
    "a neighbouring host without the deny",
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another('host: "*.example.com", port: 443, protocol: rest, access: full'),
    }),
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another(
        'host: "*.example.com", port: 443, protocol: rest, access: full, deny_rules: [{method: "*", path: "/admin/**"}]',
      ),
    }),
  ],
  [
    "deny_other_program",
    "another program without the deny",
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another(`${API}, protocol: rest, access: full`, "/usr/bin/other"),
    }),
    rest('access: full, deny_rules: [{method: "*", path: "/admin/**"}]', {
      more: another(`${API}, protocol: rest, ${READ}`, "/usr/bin/other"),
    }),
  ],
  [
    "deny_without_effect",
    "a deny of what nothing allows",
    rest('access: read-only, deny_rules: [{method: POST, path: "/x/**"}]'),
    rest('access: read-only, deny_rules: [{method: GET, path: "/x/**"}]'),
  ],
  [
    "deny_tool_variant",
    "a tool under another spelling",
    file(`${API}, protocol: mcp, mcp: {allow_all_known_mcp_methods: true}, deny_rules: [{tool: delete_repo}]`),
    file(`${API}, protocol: mcp, mcp: {allow_all_known_mcp_methods: true}, deny_rules: [{tool: "delete*"}]`),
  ],
  [
    "deny_operation_name",
    "an operation under another name",
    file(
      `${API}, protocol: graphql, access: full, deny_rules: [{operation_type: mutation, operation_name: DeleteRepo}]`,
    ),
    file(`${API}, protocol: graphql, access: full, deny_rules: [{operation_type: mutation, fields: ["deleteRepo*"]}]`),
  ],
  [
    "encoded_slash_with_deny",
    "a path that is decoded in part",
    rest(
      'access: full, allow_encoded_slash: true, rules2: 0, deny_rules: [{method: "*", path: "/p/*/*/members/**"}]',
    ).replace("rules2: 0, ", ""),
    rest('access: full, allow_encoded_slash: true, deny_rules: [{method: "*", path: "/p/**/members/**"}]'),
  ],
  [
    "duplicate_endpoint",
    "the same endpoint twice",
    rest("access: read-only", { more: another(`${API}, protocol: rest, access: read-only`) }),
    rest("access: read-only", { more: another("host: b.example.com, port: 443, protocol: rest, access: read-only") }),
  ],
  [
    "expired",
    "an expired entry",
    rest(READ, { entry: "    expires_at: 2026-05-01T00:00:00Z\n" }),
    rest(READ, { entry: "    expires_at: 2026-07-01T00:00:00Z\n" }),
  ],
  [
    "general_tool",
    "curl without limits",
    file("host: api.example.com, port: 443", { binary: "{path: /usr/bin/curl}" }),
    rest(READ, { binary: "{path: /usr/bin/curl}" }),
  ],
  [
    "inherit_wide",
    "whatever npm starts",
    rest(READ, { binary: "{path: /usr/bin/npm, inherit: true}" }),
    rest(READ, { binary: "{path: /usr/bin/npm}" }),
  ],
  [
    "inherit_without_effect",
    "inherit beside a pin",
    rest(READ, { binary: `{path: /opt/tool, inherit: true, sha256: ${"a".repeat(64)}}` }),
    rest(READ, { binary: `{path: /opt/tool, sha256: ${"a".repeat(64)}}` }),
  ],
  [
    "interpreter",
    "a shell",
    rest(READ, { binary: "{path: /bin/bash}" }),
    rest(READ, { binary: "{path: /bin/bash, script: /opt/job.sh}" }),
  ],
  [
    "interpreter",
    "an interpreter that may write",
    rest("access: read-write", { binary: "{path: /usr/bin/python3*}" }),
    rest("access: read-only", { binary: "{path: /usr/bin/python3*}" }),
  ],
  [
    "interpreter_glob",
    "a pattern with shells in it",
    rest(READ, { binary: '{path: "/usr/bin/*"}' }),
    rest(READ, { binary: '{path: "/usr/bin/agent*"}' }),
  ],
  ["limits_not_judged", "limits", rest(READ, { entry: "    limits: {requests: 5, per: minute}\n" }), rest(READ)],
  [
    "middleware_missing",
    "a middleware that fails closed",
    rest(READ, { more: "network_middlewares: {m: {middleware: m/x, endpoints: {include: [other.example.com]}}}\n" }),
    rest(READ, {
      more: "network_middlewares: {m: {middleware: m/x, on_error: fail_open, endpoints: {include: [other.example.com]}}}\n",
    }),
  ],
  [
    "monitor_forever",
    "monitor without end",
    "version: 1\nmode: monitor\n",
    "version: 1\nmode: monitor\nmonitor_until: 2026-07-01T00:00:00Z\n",
  ],
  [
    "monitor_over",
    "monitor whose end is past",
    "version: 1\nmode: monitor\nmonitor_until: 2026-05-01T00:00:00Z\n",
    "version: 1\n",
  ],
  [
    "never_reached",
    "a private address without allowed_ips",
    file("host: 10.0.0.1, port: 443"),
    file("host: 10.0.0.1, port: 443, allowed_ips: [10.0.0.1]"),
  ],
  [
    "never_reached",
    "an address its own allowed_ips shut out",
    file("host: 10.0.0.1, port: 443, allowed_ips: [10.2.0.0/16]"),
    file("host: 10.2.0.1, port: 443, allowed_ips: [10.2.0.0/16]"),
  ],
  [
    "never_reached",
    "an endpoint for the model host beside the section",
    file("host: inference.local, port: 443, protocol: rest, access: read-only", { more: "inference: {models: [m]}\n" }),
    "version: 1\ninference: {models: [m]}\n",
  ],
  [
    "product_widened",
    "git and npm in one entry",
    "version: 1\nnetwork_policies:\n  x:\n    endpoints: [{host: github.com, port: 443, protocol: rest, access: read-only}, {host: npm.packages.example, port: 443, protocol: rest, access: read-only}]\n    binaries: [{path: /usr/bin/git}, {path: /usr/bin/npm}]\n",
    "version: 1\nnetwork_policies:\n  x:\n    endpoints: [{host: github.com, port: 443, protocol: rest, access: read-only}]\n    binaries: [{path: /usr/bin/git}]\n  y:\n    endpoints: [{host: npm.packages.example, port: 443, protocol: rest, access: read-only}]\n    binaries: [{path: /usr/bin/npm}]\n",
  ],
  [
    "protocols_differ",
    "rest that undoes mcp",
    file(`${API}, protocol: mcp, rules: [{allow: {method: initialize}}]`, {
      more: another(`${API}, protocol: rest, access: read-write`),
    }),
    file(`${API}, path: "/mcp/**", protocol: mcp, rules: [{allow: {method: initialize}}]`, {
      more: another(`${API}, protocol: rest, access: read-write`),
    }),
  ],
  [
    "selector_slipped",
    "what lies below a narrow endpoint",
    file(`${API}, path: /mcp, protocol: mcp, rules: [{allow: {method: initialize}}]`, {
      more: another(`${API}, protocol: rest, access: read-write`),
    }),
    file(`${API}, path: "/mcp/**", protocol: mcp, rules: [{allow: {method: initialize}}]`, {
      more: another(`${API}, protocol: rest, access: read-write`),
    }),
  ],
  [
    "rule_behind_selector",
    "a rule for which another endpoint speaks",
    file(`${API}, path: "/v1/**", protocol: rest, access: read-only`, {
      more: another(`${API}, protocol: rest, rules: [{allow: {method: POST, path: /v1/x}}]`),
    }),
    file(`${API}, path: "/v1/**", protocol: rest, access: read-only`, {
      more: another(`${API}, protocol: rest, rules: [{allow: {method: POST, path: /v2/x}}]`),
    }),
  ],
  [
    "rule_denied",
    "a rule that a deny covers",
    rest(
      'rules: [{allow: {method: GET, path: "/api/**"}}, {allow: {method: DELETE, path: "/api/x/**"}}], deny_rules: [{method: "*", path: "/api/x/**"}]',
    ),
    rest('rules: [{allow: {method: GET, path: "/api/**"}}], deny_rules: [{method: "*", path: "/api/x/**"}]'),
  ],
  [
    "rule_never_needed",
    "a rule that another contains",
    rest('rules: [{allow: {method: GET, path: "/**"}}, {allow: {method: GET, path: /a}}]'),
    rest('rules: [{allow: {method: GET, path: "/**"}}]'),
  ],
  [
    "rule_never_needed",
    "a GET rule beside read-only",
    rest("access: read-only", { more: another(`${API}, protocol: rest, rules: [{allow: {method: GET, path: /a}}]`) }),
    rest("access: read-only", { more: another(`${API}, protocol: rest, rules: [{allow: {method: POST, path: /a}}]`) }),
  ],
  [
    "rule_outside_path",
    "a rule outside its endpoint's path",
    rest('path: "/v1/**", rules: [{allow: {method: GET, path: "/v1/**"}}, {allow: {method: GET, path: "/v2/**"}}]'),
    rest('path: "/v1/**", rules: [{allow: {method: GET, path: "/v1/**"}}]'),
  ],
  [
    "shared_domain",
    "a pattern over everybody's buckets",
    file('host: "*.r2.dev", port: 443, protocol: rest, access: read-only'),
    file("host: ours.r2.dev, port: 443, protocol: rest, access: read-only"),
  ],
  [
    "shared_domain",
    "a pattern over a registry's suffix",
    file('host: "*.co.uk", port: 443, protocol: rest, access: read-only'),
    file('host: "*.ours.co.uk", port: 443, protocol: rest, access: read-only'),
  ],
  [
    "test_failed",
    "a test that fails",
    rest(READ, {
      more: "tests: [{request: {binary: /usr/bin/agent, host: api.example.com, port: 443, method: POST, path: /}, expect: allow}]\n",
    }),
    rest(READ, {
      more: "tests: [{request: {binary: /usr/bin/agent, host: api.example.com, port: 443, method: POST, path: /}, expect: deny}]\n",
    }),
  ],
  [
    "uninspected_beside",
    "an uninspected way around",
    rest("access: read-only", { more: another(API) }),
    rest("access: read-only", { more: another(API, "/usr/bin/other") }),
  ],
  [
    "uninspected_beside",
    "an uninspected pattern around",
    rest("access: read-only", {
      more: another('host: "*.example.com", port: 443, protocol: rest, access: full').replace(
        "protocol: rest, access: full",
        "tls: skip",
      ),
    }),
    rest("access: read-only"),
  ],
  [
    "uninspected_credentials",
    "secrets where nothing looks",
    file(`${API}, allow_uninspected_credentials: true`),
    file(API),
  ],
  [
    "wide_uninspected",
    "a pattern without inspection",
    file('host: "*.example.com", port: 443'),
    file('host: "*.example.com", port: 443, protocol: rest, access: read-only'),
  ],
  [
    "writable_binary",
    "a program the agent can write",
    rest(READ, { binary: "{path: /workspace/tool}" }),
    rest(READ, { binary: `{path: /workspace/tool, sha256: ${"a".repeat(64)}}` }),
  ],
];
/** A file that shows a second hole beside the first, because the one makes the other. */
const ALSO: Record<string, string[]> = {
  "an uninspected pattern around": ["wide_uninspected"],
};

describe("lint warns of", () => {
  test.each(FINDINGS)("%s: %s", (code, what, bad, repaired) => {
    const found = lint(bad);
    expect(found).toContain(code);
    expect(found.filter((one) => one !== code && !(ALSO[what] ?? []).includes(one))).toEqual([]);
    expect(lint(repaired)).toEqual([]);
  });
  test("nothing that has no file here", () =>
    expect(lintCodes.map(({ code }) => code).filter((code) => !FINDINGS.some(([known]) => known === code))).toEqual(
      [],
    ));
  test.each(FINDINGS)("%s (%s) in sentences, with a remedy and a line", (code, _, bad) => {
    const severity = lintCodes.find((one) => one.code === code)?.severity;
    for (const problem of lintPolicy(bad, NOW)) {
      expect(problem.message).toMatch(/^[^\n]+[.!?]$/);
      expect(problem.remedy).toMatch(/^[^\n]+[.!?]$/);
      if (problem.code === code) expect(problem).toMatchObject({ severity, place: { line: expect.any(Number) } });
    }
  });
});

test("a file with errors is answered with its errors alone", () =>
  expect(lint("version: 2\nmode: monitor\n")).toEqual(["unknown_value"]));
