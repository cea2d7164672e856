import { expect, test } from "vitest";
import { PolicyEditError, runPolicyTests } from "../src/index.ts";

const file = (tests: string): string => `version: 1
network_policies:
  a:
    expires_at: 2026-06-01T00:00:00Z
    endpoints: [{ host: api.example.com, port: 443, protocol: rest, access: read-only }]
    binaries: [{ path: /usr/bin/curl }]
tests:
${tests}`;
const one = (expect: string, more = ""): string =>
  `  - { name: reading, request: { binary: /usr/bin/curl, host: api.example.com, port: 443, method: GET, path: / }, expect: ${expect}${more} }\n`;
const NOW = Date.parse("2026-05-01T00:00:00Z");

test("every test of the file is judged, with its place, what it expects and what it gets", () => {
  const results = runPolicyTests(file(one("allow") + one("deny")), NOW);
  expect(results).toMatchObject([
    {
      index: 0,
      name: "reading",
      passed: true,
      expected: { decision: "allow", rule: null },
      got: { decision: "allow", rule: "a" },
    },
    { index: 1, passed: false, expected: { decision: "deny" }, place: { line: 9, field: "tests[1]" } },
  ]);
});
test("a test that names its rule fails when another decides", () => {
  expect(runPolicyTests(file(one("allow", ", rule: a")), NOW)[0]?.passed).toBe(true);
  expect(runPolicyTests(file(one("allow", ", rule: b")), NOW)[0]?.passed).toBe(false);
});
test("the time is the one passed in", () =>
  expect(runPolicyTests(file(one("allow")), Date.parse("2026-06-01T00:00:00Z"))[0]?.passed).toBe(false));
test("a file without tests has no results", () => expect(runPolicyTests("version: 1\n", NOW)).toEqual([]));
test("a file with errors is refused with its problems", () => {
  expect(() => runPolicyTests("version: 2\n", NOW)).toThrow(PolicyEditError);
});
