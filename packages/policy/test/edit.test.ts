import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { addRule, compilePolicy, decide, diffLines, PolicyEditError, parsePolicy } from "../src/index.ts";
import { compiled, must } from "./support.ts";

const BASE = `# our policy
version: 1

network_policies:
  tickets:   # the tracker
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: {method: GET,   path: "/api/**"}   # reading
    binaries:
      - path: /usr/bin/curl

  shared:
    endpoints: [{host: shared.example, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}, {path: /usr/bin/wget}]

landlock:
  compatibility: best_effort # keep
`;
const request = {
  binary: "/usr/bin/curl",
  host: "tickets.creel.example",
  port: 443,
  method: "POST",
  path: "/api/tickets/7/comments",
};

describe("addRule", () => {
  test("adds one line beside the rule that is there and leaves every other byte alone", () => {
    const after = addRule(BASE, request);
    const changes = diffLines(BASE, after).filter((line) => line.kind !== "same");
    expect(changes).toEqual([
      { kind: "added", text: "          - allow: { method: POST, path: /api/tickets/7/comments }", newLine: 12 },
    ]);
    expect(decide(compiled(after), request, 0).decision).toBe("allow");
    expect(decide(compiled(after), { ...request, method: "DELETE" }, 0).decision).toBe("deny");
  });

  test("is idempotent", () => {
    const once = addRule(BASE, request);
    expect(addRule(once, request)).toBe(once);
  });

  test("never gives a new host to programs that share an entry", () => {
    const after = addRule(BASE, { ...request, host: "shared.example" });
    expect(decide(compiled(after), { ...request, host: "shared.example" }, 0).decision).toBe("allow");
    expect(decide(compiled(after), { ...request, host: "shared.example", binary: "/usr/bin/wget" }, 0).decision).toBe(
      "deny",
    );
  });

  test("a connection alone gains reading, not writing", () => {
    const wanted = { binary: "/usr/bin/curl", host: "paste.creel.example", port: 443 };
    const after = addRule(BASE, wanted);
    expect(decide(compiled(after), wanted, 0).decision).toBe("allow");
    expect(decide(compiled(after), { ...wanted, method: "POST", path: "/" }, 0).decision).toBe("deny");
  });

  test("refuses what a deny rule forbids and says which", () => {
    const denied = BASE.replace(
      "    binaries:\n      - path: /usr/bin/curl",
      '        deny_rules:\n          - {method: POST, path: "/api/**"}\n    binaries:\n      - path: /usr/bin/curl',
    );
    expect(() => addRule(denied, request)).toThrow(/tickets\.deny_rules\[0\]/);
  });

  test("refuses metadata and loopback addresses", () => {
    for (const host of ["169.254.169.254", "127.0.0.1", "0x7f000001", "fd00:ec2::254"])
      expect(() => addRule(BASE, { ...request, host })).toThrow(PolicyEditError);
  });

  test("refuses to undo an endpoint that judges bodies", () => {
    const mcp = `version: 1
network_policies:
  tools:
    endpoints:
      - {host: mcp.example.com, port: 443, path: /mcp, protocol: mcp, rules: [{allow: {method: initialize}}]}
    binaries: [{path: /usr/bin/node}]
`;
    expect(() =>
      addRule(mcp, { binary: "/usr/bin/node", host: "mcp.example.com", port: 443, method: "POST", path: "/mcp" }),
    ).toThrow(/protocol mcp/);
  });

  test.each([
    ["an empty flow map", "version: 1\nnetwork_policies: {} # none yet\nlandlock: {compatibility: best_effort}\n"],
    ["a key with nothing behind it", "version: 1\nnetwork_policies:\n"],
    ["no section at all", "version: 1"],
    [
      "flow style throughout",
      'version: 1\nnetwork_policies: {a: {endpoints: [{host: tickets.creel.example, port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/x"}}]}], binaries: [{path: /usr/bin/curl}]}}\n',
    ],
    ["Windows line ends", "version: 1\r\nnetwork_policies:\r\n  a:\r\n    endpoints: []\r\n    binaries: []\r\n"],
    ["a comment inside brackets", "version: 1\nnetwork_policies: {a: {endpoints: [ # none\n  ], binaries: []}}\n"],
    [
      "lists at the parent's indentation",
      'version: 1\nnetwork_policies:\n  a:\n    endpoints:\n    - host: tickets.creel.example\n      port: 443\n      protocol: rest\n      rules:\n      - allow:\n          method: GET\n          path: "/x"\n    binaries:\n    - path: /usr/bin/curl\n',
    ],
  ])("works in %s", (_, text) => {
    const after = addRule(text, request);
    expect(decide(compiled(after), request, 0).decision).toBe("allow");
    expect(addRule(after, request)).toBe(after);
  });

  test("for any program, host, method and path: the result parses, allows the request, and nothing for another program", () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/);
    const host = fc.tuple(name, name).map(([a, b]) => `${a}.${b}.example`);
    const binary = fc.stringMatching(/^\/[A-Za-z0-9._*[\]? #:'"-]{1,12}$/).filter((path) => !/\/\.\.?$/.test(path));
    const path = fc.stringMatching(/^(\/[A-Za-z0-9._~*!$&'()+,:@=-]{1,6}){1,4}\/?$/);
    const wanted = fc.record({
      binary,
      host: fc.oneof(host, fc.constant("tickets.creel.example"), fc.constant("shared.example")),
      port: fc.constantFrom(443, 80, 8443),
      method: fc.constantFrom("GET", "POST", "DELETE", "PATCH"),
      path,
    });
    fc.assert(
      fc.property(fc.array(wanted, { minLength: 1, maxLength: 4 }), (requests) => {
        let text = BASE;
        for (const one of requests) {
          const before = compiled(text);
          try {
            text = addRule(text, one);
          } catch (error) {
            // A path that climbs above the root has no rule to be allowed by.
            expect(error).toBeInstanceOf(PolicyEditError);
            continue;
          }
          const after = compiled(text);
          expect(decide(after, one, 0).decision).toBe("allow");
          const stranger = { ...one, binary: "/opt/stranger" };
          expect(decide(after, stranger, 0).decision).toBe(decide(before, stranger, 0).decision);
        }
        expect(text.split("\n").filter((line) => line.includes("#"))).toEqual(
          expect.arrayContaining(["# our policy", "  tickets:   # the tracker"]),
        );
      }),
      { numRuns: 60 },
    );
  });
});

describe("diffLines", () => {
  test("is complete: the same and removed lines are the old text, the same and added lines the new one", () => {
    const lines = fc
      .array(fc.constantFrom("a", "b", "c", ""), { maxLength: 12 })
      .map((l) => l.map((x) => `${x}\n`).join(""));
    fc.assert(
      fc.property(lines, lines, (a, b) => {
        const diff = diffLines(a, b);
        const side = (kind: string) =>
          diff
            .filter((l) => l.kind === "same" || l.kind === kind)
            .map((l) => `${l.text}\n`)
            .join("");
        expect([side("removed"), side("added")]).toEqual([a, b]);
      }),
    );
  });
});

test("the support functions see real policies", () => {
  expect(must(parsePolicy(BASE)).network_policies.tickets?.endpoints).toHaveLength(1);
  expect(compilePolicy(must(parsePolicy(BASE))).exactHosts.has("shared.example")).toBe(true);
});
