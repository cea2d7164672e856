/** The linter ends, speaks in known codes only, and never contradicts the engine, whatever the file. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { lintCodes, lintPolicy, parsePolicy, runPolicyTests } from "../src/index.ts";
import { policyText } from "./random-policy.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const KNOWN = new Map(lintCodes.map(({ code, severity }) => [code, severity]));

test("for any file: what lint adds to reading is in its table, with place, sentence and remedy", () => {
  fc.assert(
    fc.property(policyText, (text) => {
      const read = new Set(parsePolicy(text).problems.map(({ code }) => code));
      for (const problem of lintPolicy(text, NOW)) {
        if (!read.has(problem.code)) expect(problem.severity).toBe(KNOWN.get(problem.code));
        expect(problem.place.line).toBeGreaterThan(0);
        expect(problem.message).toMatch(/^[^\n]+[.!?]$/);
        expect(problem.remedy).toMatch(/^[^\n]+[.!?]$/);
      }
    }),
    { numRuns: 150 },
  );
});

test("lint reports exactly the tests that fail", () => {
  const text = `version: 1
tests:
  - { request: { binary: /x, host: a.example.com, port: 443 }, expect: deny }
  - { request: { binary: /x, host: a.example.com, port: 443 }, expect: allow }
  - { request: { binary: /x, host: inference.local, port: 443 }, expect: allow, rule: inference }
`;
  const failed = runPolicyTests(text, NOW).filter(({ passed }) => !passed);
  expect(failed.map(({ index }) => index)).toEqual([1]);
  expect(lintPolicy(text, NOW).map(({ place }) => place.field)).toEqual(["tests[1]"]);
});
