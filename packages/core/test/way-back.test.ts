import { compilePolicy, decide, diffPolicies, type Policy, type PolicyRequest, parsePolicy } from "@creel/policy";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NOW_MS, policyPairs, requests, restWorld } from "../../policy/test/diff-universe.ts";
import { NOTHING_ALLOWED } from "../src/policy/nothingAllowed.ts";
import { wayBack } from "../src/policy/wayBack.ts";

const now = new Date(NOW_MS);
function read(yaml: string): Policy {
  const { policy } = parsePolicy(yaml);
  if (policy === null) throw new Error(`not a policy: ${yaml}`);
  return policy;
}
const allows = (yaml: string) => {
  const compiled = compilePolicy(read(yaml));
  return (request: PolicyRequest): boolean => decide(compiled, request, NOW_MS).decision === "allow";
};
/** What is in force once the time of `applied` is over. */
function left(applied: string, former: string): string {
  const way = wayBack({ applied, former, now });
  if (way.how === "part") return way.yaml;
  return way.how === "whole" ? former : applied;
}

/** Each takes some comparisons of two whole policies. */
const RUNS = 8;

test("at the end nothing is allowed that either text denies, whatever the two say", () => {
  let parts = 0;
  fc.assert(
    fc.property(
      policyPairs(restWorld),
      fc.array(requests, { minLength: 60, maxLength: 120, size: "max" }),
      ([applied, former], asked) => {
        const way = wayBack({ applied, former, now });
        if (way.how === "part" && way.yaml !== NOTHING_ALLOWED) parts++;
        const [before, after, end] = [former, applied, left(applied, former)].map(allows);
        const differing = diffPolicies(read(former), read(applied), { nowMs: NOW_MS }).requests.map(
          (each) => each.example,
        );
        for (const request of [...asked, ...differing])
          if (end?.(request))
            expect({ before: before?.(request), after: after?.(request) }).toEqual({ before: true, after: true });
      },
    ),
    { numRuns: RUNS, endOnFailure: true },
  );
  expect(parts).toBeGreaterThan(0);
});

const entry = (name: string, host: string, rules: string, more = ""): string => `  ${name}:
    name: ${name}
    endpoints:
      - host: ${host}
        port: 443
        protocol: rest
        rules: [${rules}]
${more}    binaries:
      - path: /usr/bin/curl
`;
const policy = (...entries: string[]): string => `version: 1\nnetwork_policies:\n${entries.join("")}`;
const get = (path: string): string => `{ allow: { method: GET, path: "${path}" } }`;
const ask = (host: string, path: string): PolicyRequest => ({
  ...{ host, port: 443, method: "GET", path },
  binary: "/usr/bin/curl",
  ancestors: [],
});

describe("of a text that both opens and closes", () => {
  const steady = entry("steady", "steady.creel.example", get("/**"));
  test("what it left alone goes on, and so do the rules of an entry that it left alone", () => {
    const former = policy(steady, entry("api", "api.creel.example", `${get("/a")}, ${get("/old")}`));
    const applied = policy(steady, entry("api", "api.creel.example", `${get("/a")}, ${get("/new")}`));
    const end = allows(left(applied, former));
    const reached = [
      ["steady.creel.example", "/x"],
      ["api.creel.example", "/a"],
      ["api.creel.example", "/old"],
      ["api.creel.example", "/new"],
    ];
    expect(reached.map(([host = "", path = ""]) => end(ask(host, path)))).toEqual([true, true, false, false]);
  });

  test("a deny rule of either binds on", () => {
    const denies = `        deny_rules: [{ method: GET, path: "/secret/**" }]\n`;
    const former = policy(entry("api", "api.creel.example", `${get("/**")}`));
    const applied = policy(
      entry("api", "api.creel.example", `${get("/**")}`, denies),
      entry("more", "more.creel.example", get("/**")),
    );
    const end = allows(left(applied, former));
    expect(end(ask("api.creel.example", "/x"))).toBe(true);
    expect(end(ask("api.creel.example", "/secret/x"))).toBe(false);
    expect(end(ask("more.creel.example", "/x"))).toBe(false);
  });

  test("of a thousand places the one that it gave and the one that it took are out of reach, and no other", () => {
    const PLACES = 1_000;
    const places = (from: number): string => {
      const hosts = Array.from(
        { length: PLACES },
        (_, index) => `      - { host: h${from + index}.example, port: 443 }\n`,
      );
      return `version: 1\nnetwork_policies:\n  many:\n    name: many\n    endpoints:\n${hosts.join("")}    binaries:\n      - path: /usr/bin/curl\n`;
    };
    const end = read(left(places(1), places(0))).network_policies["many"]?.endpoints.map(({ host }) => host);
    expect(end).toHaveLength(PLACES - 1);
    expect(end).not.toContain("h0.example");
    expect(end).not.toContain(`h${PLACES}.example`);
  });

  test("files: what it gave and what it took are both out of reach", () => {
    const files = (...paths: string[]): string =>
      `${policy(steady)}filesystem_policy:\n  read_only: []\n  read_write: [${paths.join(", ")}]\n`;
    const end = parsePolicy(left(files("/both", "/new"), files("/both", "/old"))).policy;
    expect(end?.filesystem_policy?.read_write).toEqual(["/both"]);
  });

  test("a text that no longer parses leaves nothing allowed", () => {
    expect(left("version: 1\nnetwork_policies: 7\n", policy(steady))).toBe(NOTHING_ALLOWED);
  });
});
