/** The change that is offered turns the decision, and nothing is offered that was not seen to. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  canonicalHost,
  compilePolicy,
  decide,
  diffPolicies,
  type Explanation,
  explainRequest,
  type PolicyRequest,
  parsePolicy,
} from "../src/index.ts";
import { anyRequest, policyText } from "./random-policy.ts";
import { must } from "./support.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
const FILE = `# the tracker
version: 1
network_policies:
  tracker: # keep
    endpoints:
      - host: tracker.example.org
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" } # reading
          - allow: { method: POST, path: /api/comments }
        deny_rules:
          - { method: "*", path: "/api/admin/**" }
          - { method: GET, path: /api/secret }
    binaries:
      - path: /usr/bin/curl
  mirror:
    endpoints: [{ host: tracker.example.org, port: 443, protocol: rest, access: read-only }]
    binaries:
      - { path: /usr/bin/git, sha256: ${"a".repeat(64)} }
  database:
    endpoints:
      - { host: db.example.org, port: 5432, protocol: tcp }
    binaries: [{ path: /usr/bin/psql }]
  old:
    expires_at: 2026-05-01T00:00:00Z
    endpoints: [{ host: old.example.org, ports: [443, 8443], protocol: rest, access: read-only }]
    binaries: [{ path: /usr/bin/curl }]
  tools:
    endpoints: [{ host: mcp.example.org, port: 443, protocol: mcp, rules: [{ allow: { method: initialize } }] }]
    binaries: [{ path: /usr/bin/node }]
`;
const CURL = { binary: "/usr/bin/curl", host: "tracker.example.org", port: 443 };

function explain(request: PolicyRequest, text = FILE): Explanation {
  const found = explainRequest(text, request, NOW);
  if ("problems" in found) throw new Error(JSON.stringify(found.problems));
  return found;
}
const changes = (found: Explanation): string[] =>
  (found.turn?.lines ?? [])
    .filter((l) => l.kind !== "same")
    .map((l) => `${l.kind === "added" ? "+" : "-"} ${l.text.trim()}`);

describe("the least change", () => {
  test.each<[string, PolicyRequest, string[]]>([
    ["a rule for one path", { ...CURL, method: "PUT", path: "/api/x" }, ["+ - allow: { method: PUT, path: /api/x }"]],
    [
      "one deny rule removed, the other kept",
      { ...CURL, method: "GET", path: "/api/secret" },
      ["- - { method: GET, path: /api/secret }"],
    ],
    [
      "one deny rule where the allow is wider",
      { ...CURL, method: "GET", path: "/api/x" },
      ["+ - { method: GET, path: /api/x }"],
    ],
    [
      "one rule removed where it allows nothing else",
      { ...CURL, method: "POST", path: "/api/comments" },
      ["- - allow: { method: POST, path: /api/comments }"],
    ],
    [
      "an expiry extended by a day",
      { ...CURL, host: "old.example.org" },
      ["- expires_at: 2026-05-01T00:00:00Z", "+ expires_at: 2026-06-02T00:00:00Z"],
    ],
    [
      "one tool named",
      {
        binary: "/usr/bin/node",
        host: "mcp.example.org",
        port: 443,
        method: "POST",
        path: "/",
        body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}',
      },
      [
        "- endpoints: [{ host: mcp.example.org, port: 443, protocol: mcp, rules: [{ allow: { method: initialize } }] }]",
        "+ endpoints: [{ host: mcp.example.org, port: 443, protocol: mcp, rules: [{ allow: { method: initialize } }, { allow: { method: tools/call, tool: read } }] }]",
      ],
    ],
    ["a private address", { ...CURL, ip: "10.0.0.7" }, ['+ allowed_ips: ["10.0.0.7"]']],
    [
      "the pin of the program that asked",
      { ...CURL, binary: "/usr/bin/git", sha256: "b".repeat(64) },
      [
        `- - { path: /usr/bin/git, sha256: ${"a".repeat(64)} }`,
        `+ - { path: /usr/bin/git, sha256: ${"b".repeat(64)} }`,
      ],
    ],
    [
      "the entry that alone allows a connection",
      { binary: "/usr/bin/psql", host: "db.example.org", port: 5432 },
      [
        "- database:",
        "- endpoints:",
        "- - { host: db.example.org, port: 5432, protocol: tcp }",
        "- binaries: [{ path: /usr/bin/psql }]",
      ],
    ],
    ["the model host switched off", { ...CURL, host: "inference.local" }, ["+ inference: { enabled: false }"]],
  ])("is %s", (_, request, expected) => {
    const found = explain(request);
    expect(found.unturnable).toBeNull();
    expect(changes(found)).toEqual(expected);
  });

  test("takes several obstacles away, one after the other", () => {
    const found = explain({ ...CURL, method: "POST", path: "/api/admin/x", ip: "10.0.0.7" });
    expect(changes(found)).toEqual([
      "+ - allow: { method: POST, path: /api/admin/x }",
      '- - { method: "*", path: "/api/admin/**" }',
      '+ allowed_ips: ["10.0.0.7"]',
    ]);
  });
});

describe("the change opens what was asked and no more", () => {
  const HUB = `version: 1
network_policies:
  hub:
    endpoints:
      - { host: api.hub.example.org, port: 443, protocol: rest, access: full }
      - { host: api.hub.example.org, port: 443, path: /graphql, protocol: graphql, access: read-only }
      - { host: uploads.hub.example.org, port: 443, protocol: rest, access: full }
    binaries: [{ path: /usr/bin/git }, { path: /usr/bin/hub }]
  tools:
    endpoints: [{ host: mcp.example.org, port: 443, protocol: mcp, rules: [{ allow: { method: tools/list } }] }]
    binaries: [{ path: /usr/bin/node }, { path: /usr/bin/deno }]
  jobs:
    endpoints: [{ host: jobs.example.org, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/python3, script: /opt/job.py }]
`;
  const call = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read"}}';
  const rpc = { host: "mcp.example.org", port: 443, method: "POST", path: "/", body: call };

  test("another program's entry stays as it is, also where it judges bodies on another path", () => {
    const asked = { ...CURL, host: "api.hub.example.org", method: "POST", path: "/user/repos" };
    const found = explain(asked, HUB);
    expect(found.turn?.sentence).toBe(
      "Allow /usr/bin/curl alone POST /user/repos, with any query and body, at api.hub.example.org:443.",
    );
    expect(changes(found).filter((line) => line.startsWith("-"))).toEqual([]);
    expect(changes(found)).toContain("+ - allow: { method: POST, path: /user/repos }");
  });

  test("where bodies are judged, one call is opened and not every body on that path", () => {
    const found = explain({ ...rpc, binary: CURL.binary }, HUB);
    expect(found.turn?.sentence).toBe("Allow /usr/bin/curl alone tools/call read at mcp.example.org:443.");
    const after = compilePolicy(must(parsePolicy(found.turn?.yamlAfter ?? "")));
    const other = { ...rpc, binary: CURL.binary, body: call.replace("read", "delete") };
    expect(decide(after, other, NOW).decision).toBe("deny");
  });

  test("a program that counts by its script counts by its script", () => {
    const python = { binary: "/usr/bin/python3", host: "jobs.example.org", port: 443, method: "GET", path: "/x" };
    const found = explain({ ...python, script: "/opt/other.py" }, HUB);
    const after = compilePolicy(must(parsePolicy(found.turn?.yamlAfter ?? "")));
    expect(decide(after, { ...python, script: "/opt/third.py" }, NOW).decision).toBe("deny");
  });

  test("what is denied to one program of a shared entry is not denied to the others", () => {
    const asked = { binary: "/usr/bin/git", host: "api.hub.example.org", port: 443, method: "GET", path: "/x" };
    const found = explain(asked, HUB);
    expect(found.turn?.to).toBe("deny");
    const after = compilePolicy(must(parsePolicy(found.turn?.yamlAfter ?? "")));
    expect(decide(after, { ...asked, binary: "/usr/bin/hub" }, NOW).decision).toBe("allow");
    expect(decide(after, { ...asked, path: "/y" }, NOW).decision).toBe("allow");
  });

  test("in any file: nothing changes for another program, host or port, except where the words say so", () => {
    const told = /everything|all that|all else|every program|no longer|no other address|every model/;
    let within = 0;
    fc.assert(
      fc.property(policyText, anyRequest, (text, request) => {
        const { turn } = explain(request, text);
        if (turn === null) return;
        if (turn.beyond) {
          expect(turn.sentence).toMatch(told);
          return;
        }
        const [before, after] = [must(parsePolicy(text)), must(parsePolicy(turn.yamlAfter))];
        const { requests, exact } = diffPolicies(before, after, { nowMs: NOW });
        if (!exact) return;
        within += 1;
        const context = JSON.stringify({ text, request, sentence: turn.sentence });
        for (const { callers, hosts, ports } of requests) {
          for (const { match } of callers) expect(match, context).toBe(request.binary);
          for (const { match } of hosts) expect(match, context).toBe(canonicalHost(request.host));
          expect(ports, context).toEqual([request.port]);
        }
      }),
      { numRuns: 60 },
    );
    expect(within).toBeGreaterThan(5);
  });
});

test.each<[string, PolicyRequest, RegExp]>([
  ["a metadata address", { ...CURL, ip: "169.254.169.254" }, /metadata/],
  ["loopback under another spelling", { ...CURL, host: "0x7f.1" }, /another way/],
  ["an unreadable target", { ...CURL, method: "GET", path: "/a%00" }, /plain path/],
  ["a tunnel", { ...CURL, method: "CONNECT", path: "/" }, /plain HTTP method/],
  ["a program nobody vouched for", { ...CURL, binary: "" }, /node/],
  ["the model host on another port", { ...CURL, host: "inference.local", port: 22 }, /443/],
])("no file can turn %s, and the reader is told what to do instead", (_, request, advice) => {
  const found = explain(request);
  expect(found.turn).toBeNull();
  expect(found.unturnable).toMatch(advice);
});

test("for any file and request: a turn was seen to turn the decision, and where there is none the reader is told why", () => {
  fc.assert(
    fc.property(policyText, anyRequest, (text, request) => {
      const found = explain(request, text);
      expect(found.turn === null).toBe(found.unturnable !== null);
      if (found.turn === null) return;
      const after = decide(compilePolicy(must(parsePolicy(found.turn.yamlAfter))), request, NOW).decision;
      expect(after === "allow").toBe(found.turn.to === "allow");
      expect(found.decision.decision === "allow").toBe(found.turn.to === "deny");
      expect(found.turn.lines.some((line) => line.kind !== "same")).toBe(true);
    }),
    { numRuns: 80 },
  );
});
