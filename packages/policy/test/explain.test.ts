/** What a reader learns from an explanation: each question, its answer, and where it stands in the file. */
import { describe, expect, test } from "vitest";
import { type Explanation, explainRequest, type PolicyRequest } from "../src/index.ts";

const FILE = `version: 1
network_policies:
  github:
    endpoints:
      - host: api.github.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/repos/**" }
          - allow: { method: POST, path: /repos/o/r/issues, query: { a: b } }
        deny_rules:
          - { method: "*", path: "/repos/o/secret/**" }
    binaries:
      - path: /usr/bin/curl
      - { path: /usr/bin/git, sha256: ${"a".repeat(64)} }
  old:
    expires_at: 1969-01-01T00:00:00Z
    endpoints: [{ host: old.example.org, port: 443 }]
    binaries: [{ path: /usr/bin/curl }]
`;
const asked: PolicyRequest = { binary: "/usr/bin/curl", host: "api.github.example", port: 443 };
const explain = (request: Partial<PolicyRequest>, text = FILE): Explanation => {
  const found = explainRequest(text, { ...asked, ...request }, 0);
  if ("problems" in found) throw new Error(JSON.stringify(found.problems));
  return found;
};
const lastDetail = (found: Explanation): string => found.steps.at(-1)?.detail ?? "";
const failing = (found: Explanation): string[] =>
  found.steps.filter((step) => step.outcome === "fails").map((step) => `${step.title}: ${step.detail}`);

describe("the deciding line", () => {
  test.each<[string, Partial<PolicyRequest>, number | null]>([
    ["of an allow is its rule", { method: "GET", path: "/repos/x" }, 9],
    ["of a deny is the deny rule", { method: "GET", path: "/repos/o/secret/x" }, 12],
    ["of an expired entry is its expiry", { host: "old.example.org" }, 17],
    ["of a connection is its endpoint", {}, 5],
    ["of a request that no rule allows is the endpoint that speaks", { method: "PUT", path: "/x" }, 5],
    ["is none for what no file opens", { ip: "169.254.169.254" }, null],
  ])("%s", (_, request, line) => expect(explain(request).deciding?.line ?? null).toBe(line));
});

describe("a denial names the nearest miss and the part that failed", () => {
  test.each<[string, Partial<PolicyRequest>, RegExp]>([
    ["another port", { port: 80 }, /on port 443; the request goes to 80/],
    ["a slip of the pen", { host: "api.githup.example" }, /names `api\.github\.example`/],
    ["another program", { binary: "/usr/bin/wget" }, /It names `\/usr\/bin\/curl`; the program is `\/usr\/bin\/wget`/],
    [
      "another digest",
      { binary: "/usr/bin/git", sha256: "b".repeat(64) },
      /pinned to aaaaaaaaaaaa…, but the program's digest is bbbbbbbbbbbb…/,
    ],
    ["a child", { binary: "/tmp/x", ancestors: ["/usr/bin/curl"] }, /children count only with `inherit: true`/],
    ["a method", { method: "DELETE", path: "/repos/x" }, /rules\[0\].*The method is DELETE, not GET/],
    ["a path", { method: "GET", path: "/gists" }, /The path is `\/gists`, which `\/repos\/\*\*` does not match/],
    ["a query", { method: "POST", path: "/repos/o/r/issues?a=c" }, /Parameter `a` is `c`, and must match `b`/],
    ["an address", { ip: "10.0.0.1" }, /It opens public addresses only/],
  ])("%s", (_, request, expected) => expect(failing(explain(request)).join("\n")).toMatch(expected));

  test("and the reading in which a deny rule holds", () => {
    expect(lastDetail(explain({ method: "GET", path: "/REPOS/o/Secret/x" }))).toContain("another case of the letters");
    expect(lastDetail(explain({ method: "GET", path: "/repos/o/secret" }))).toContain("with a slash at its end");
  });

  test("the rule that failed in the fewest parts comes first", () => {
    const titles = explain({ method: "POST", path: "/repos/o/r/issues" }).steps.map(({ title }) => title);
    const at = (part: string) => titles.findIndex((title) => title.startsWith(part));
    expect(at("rules[0]")).toBeGreaterThan(-1);
    expect(at("rules[1]")).toBeGreaterThan(-1);
  });
});

test("monitor mode and audit are told as what softens the denial", () => {
  const monitored = explain({ method: "PUT", path: "/x" }, FILE.replace("version: 1", "version: 1\nmode: monitor"));
  expect(monitored.decision.decision).toBe("would_deny");
  expect(lastDetail(monitored)).toContain("Monitor mode");
  const audited = explain(
    { method: "PUT", path: "/x" },
    FILE.replace("protocol: rest", "protocol: rest\n        enforcement: audit"),
  );
  expect(audited.decision.decision).toBe("would_deny");
  expect(audited.steps.at(-1)?.place?.line).toBe(8);
});

test("tools and operations are explained by the part that failed", () => {
  const mcp = `version: 1
network_policies:
  t:
    endpoints: [{ host: m.example.org, port: 443, protocol: mcp, rules: [{ allow: { method: tools/call, params: { name: read, arguments: { path: "/w/**" } } } }] }]
    binaries: [{ path: /usr/bin/curl }]
`;
  const call = (name: string, path: string) =>
    failing(
      explain(
        {
          host: "m.example.org",
          method: "POST",
          path: "/",
          body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: { path } } }),
        },
        mcp,
      ),
    ).join("\n");
  expect(call("delete", "/w/a")).toContain("The tool is `delete`, and must match `read`");
  expect(call("read", "/etc/passwd")).toContain("An argument of the tool does not match");
});

test("a file with errors is answered with its problems", () => {
  expect(explainRequest("version: 2\n", asked, 0)).toMatchObject({ problems: [{ code: "unknown_value" }] });
});

test("a large file is explained in bounded steps", () => {
  const entries = Array.from(
    { length: 600 },
    (_, i) =>
      `  e${i}: {endpoints: [{host: api.github.example, port: 443, protocol: rest, access: read-only}], binaries: [{path: /usr/bin/b${i}}]}`,
  );
  const found = explain({ method: "POST", path: "/" }, `version: 1\nnetwork_policies:\n${entries.join("\n")}\n`);
  expect(found.steps.length).toBeLessThan(20);
  expect(found.turn).not.toBeNull();
});

test("an endpoint with the longer path speaks alone, and the wide one is told as silent", () => {
  const text = `version: 1
network_policies:
  narrow:
    endpoints: [{ host: a.example.org, port: 443, path: "/v1/**", protocol: rest, access: read-only }]
    binaries: [{ path: /usr/bin/curl }]
  wide:
    endpoints: [{ host: a.example.org, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;
  const found = explain({ host: "a.example.org", method: "POST", path: "/v1/x" }, text);
  expect(found.decision.decision).toBe("deny");
  expect(found.steps.filter(({ title }) => title.endsWith(" speaks")).map(({ outcome }) => outcome)).toEqual([
    "holds",
    "skipped",
  ]);
  expect(found.steps.at(-1)?.outcome).toBe("fails");
  expect(explain({ host: "a.example.org", method: "POST", path: "/v2" }, text).deciding?.line).toBe(7);
});
