import { expect, test } from "vitest";
import { lintPolicy } from "../src/index.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const lint = (text: string): string[] => lintPolicy(text, NOW).map((p) => p.code);
const entry = (endpoint: string, binary = "/usr/bin/curl", more = ""): string =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints: [{host: api.example.com, port: 443, ${endpoint}}]\n    binaries: [{path: "${binary}"}]\n${more}`;

test("a sound file has no warning", () => {
  expect(lint(entry('protocol: rest, rules: [{allow: {method: GET, path: "/api/**"}}]'))).toEqual([]);
});

test.each([
  [
    "a deny that real paths slip past",
    entry('protocol: rest, access: read-write, deny_rules: [{method: POST, path: "/repos/*/pulls/*/reviews"}]'),
    "deny_single_segment",
  ],
  [
    "a deny that a longer path slips past",
    entry("protocol: rest, access: full, deny_rules: [{method: POST, path: /admin}]"),
    "deny_longer_path",
  ],
  [
    "a deny of what nothing allows",
    entry("protocol: rest, access: read-only, deny_rules: [{method: POST, path: '/x/**'}]"),
    "deny_without_effect",
  ],
  [
    "a rule that another contains",
    entry('protocol: rest, rules: [{allow: {method: GET, path: "/**"}}, {allow: {method: GET, path: /a}}]'),
    "rule_never_needed",
  ],
  ["any program", entry("protocol: rest, access: read-only", "/**"), "any_binary"],
  ["a shell", entry("protocol: rest, access: read-only", "/bin/bash"), "interpreter"],
  ["a program the agent can write", entry("protocol: rest, access: read-only", "/tmp/tool"), "writable_binary"],
  ["audit", entry("protocol: rest, access: read-only, enforcement: audit"), "audit_only"],
  [
    "an expired entry",
    entry("protocol: rest, access: read-only", "/usr/bin/curl", "    expires_at: 2026-05-01T00:00:00Z\n"),
    "expired",
  ],
  ["monitor without end", "version: 1\nmode: monitor\n", "monitor_forever"],
  ["a private address without allowed_ips", entry("tls: skip").replace("api.example.com", "10.0.0.1"), "never_reached"],
  [
    "an uninspected way around",
    entry(
      "protocol: rest, access: read-only",
      "/usr/bin/curl",
      "  y:\n    endpoints: [{host: api.example.com, port: 443}]\n    binaries: [{path: /usr/bin/*}]\n",
    ),
    "uninspected_beside",
  ],
  [
    "a test that fails",
    entry(
      "protocol: rest, access: read-only",
      "/usr/bin/curl",
      "tests: [{request: {binary: /usr/bin/curl, host: api.example.com, port: 443, method: POST, path: /}, expect: allow}]\n",
    ),
    "test_failed",
  ],
])("warns of %s", (_, text, code) => expect(lint(text)).toContain(code));
