import { describe, expect, test } from "vitest";
import { compilePolicy, decide, parsePolicy } from "../src/index.ts";
import { compare } from "./oracle/compare.ts";
import { compareWithCedar } from "./oracle/compare-cedar.ts";
import { evaluate } from "./oracle/evaluate.ts";
import { NOW_MS } from "./oracle/generate.ts";
import { matches } from "./oracle/glob.ts";
import { unexplained } from "./oracle/known.ts";
import { must } from "./support.ts";

/** The portion that fits a test run; `node packages/policy/fuzz/main.mjs oracle --requests 100000` runs the whole. */
const REQUESTS = 5_000;
const SEEDS = [1, 2];

describe("the engine decides as an evaluator that was written from the documents alone", () => {
  test.each(SEEDS)("for requests near the rules, seed %i", (seed) => {
    const { differences, requests, decisions } = compare({ seed, requests: REQUESTS, differencesMax: 1_000 });
    expect(requests).toBe(REQUESTS);
    expect(differences.filter(unexplained)).toEqual([]);
    // A comparison that never reaches an allow, a deny rule or the last step would prove nothing.
    for (const step of ["allow at 8 allowed", "deny at 7 deny rule", "deny at 8 not allowed", "allow at 6 connection"])
      expect(decisions[step]).toBeGreaterThan(50);
  });
});

test("monitor mode does not open a private address behind a public one", () => {
  const policy = must(
    parsePolicy(
      "version: 1\nmode: monitor\nnetwork_policies:\n  x:\n    endpoints: [{host: 93.184.216.34, port: 443, allowed_ips: [93.184.217.0/24]}]\n    binaries: [{path: /usr/bin/curl}]\n",
    ),
  );
  const request = { binary: "/usr/bin/curl", host: "93.184.216.34", port: 443 };
  expect(decide(compilePolicy(policy), { ...request, ip: "10.1.2.3" }, NOW_MS).decision).toBe("deny");
  expect(decide(compilePolicy(policy), request, NOW_MS).decision).toBe("would_deny");
});

describe("the evaluator itself", () => {
  const policy = must(
    parsePolicy(
      'version: 1\nnetwork_policies:\n  x:\n    endpoints: [{host: "*.example.com", port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/a/**/z"}}], deny_rules: [{method: "*", path: /a/b/z}]}]\n    binaries: [{path: /usr/bin/curl}]\n',
    ),
  );
  const ask = (path: string, method = "GET"): string =>
    evaluate(policy, { binary: "/usr/bin/curl", host: "a.example.com", port: 443, method, path }, NOW_MS).decision;

  test.each([
    ["/a/z", "allow"],
    ["/a/x/y/z", "allow"],
    ["/a/B/z", "deny"],
    ["/a/b/z/", "deny"],
    ["/a/xz", "deny"],
    ["/a/../../z", "deny"],
  ])("judges GET %s as %s", (path, decision) => expect(ask(path)).toBe(decision));
  test("judges another method as deny", () => expect(ask("/a/z", "POST")).toBe("deny"));

  test.each([
    ["/api/*", "/api/x", true],
    ["/api/*", "/api/x/y", false],
    ["/**/info", "/info", true],
    ["/file[!0-9]", "/file/", false],
  ])("reads %s against %s as the page does", (pattern, text, yes) => expect(matches(pattern, text, "/")).toBe(yes));
});

describe("the engine decides as Cedar, where Cedar can express the policy", () => {
  test("for requests near the rules", () => {
    const { requests, allowed, differences } = compareWithCedar({ seed: 1, requests: 5_000 });
    expect(differences).toEqual([]);
    expect(allowed).toBeGreaterThan(requests / 10);
    expect(allowed).toBeLessThan(requests * 0.9);
  });
});
