import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addRule,
  decide,
  diffLines,
  PolicyEditError,
  parsePolicy,
  printPolicy,
  type RuleRequest,
  removeItem,
  removeRule,
} from "../src/index.ts";
import { policies } from "./arbitrary-policy.ts";
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
          # reading
          - allow: {method: GET,   path: "/api/**"}   # all of it
          - allow: {method: POST, path: /api/tickets}
          # end of the rules
      - host: files.creel.example
        ports: [8443, 443]
    binaries:
      - path: /usr/bin/curl

  # Shared by two programs.
  shared:
    endpoints: [{host: shared.example, port: 443, protocol: rest, access: read-only}]
    binaries: [{path: /usr/bin/curl}, {path: /usr/bin/wget}]

landlock:
  compatibility: best_effort # keep
`;
const curl = { binary: "/usr/bin/curl", port: 443 };
const read = { ...curl, host: "tickets.creel.example", method: "GET", path: "/api/x" };
const removedLines = (before: string, after: string) => {
  const lines = diffLines(before, after).filter((line) => line.kind !== "same");
  expect(lines.filter((line) => line.kind === "added")).toEqual([]);
  return lines.map((line) => line.text.trim());
};
const judged = (text: string, request: RuleRequest) => decide(compiled(text), request, 0).decision;

describe("removeRule takes the narrowest item", () => {
  test("one rule, with the comments on it and directly above it; every other byte stays", () => {
    const after = removeRule(BASE, read);
    expect(removedLines(BASE, after)).toEqual(["# reading", '- allow: {method: GET,   path: "/api/**"}   # all of it']);
    expect(judged(after, read)).toBe("deny");
    expect(judged(after, { ...read, method: "POST", path: "/api/tickets" })).toBe("allow");
  });

  test("the endpoint with its last rule, and then the entry with its last endpoint", () => {
    const once = removeRule(removeRule(BASE, read), { ...read, method: "POST", path: "/api/tickets" });
    expect(must(parsePolicy(once)).network_policies.tickets?.endpoints.map((e) => e.host)).toEqual([
      "files.creel.example",
    ]);
    const twice = removeRule(removeRule(once, { ...curl, host: "files.creel.example" }), {
      ...curl,
      host: "files.creel.example",
      port: 8443,
    });
    expect(Object.keys(must(parsePolicy(twice)).network_policies)).toEqual(["shared"]);
    expect(twice).toContain("# our policy\nversion: 1\n\nnetwork_policies:\n");
  });

  test("one port of several, in the order of the file", () => {
    const after = removeRule(BASE, { ...curl, host: "files.creel.example" });
    expect(after).toBe(BASE.replace("ports: [8443, 443]", "ports: [8443]"));
  });

  test("one program of several, where the entry has nothing else", () => {
    const after = removeRule(BASE, { ...curl, host: "shared.example" });
    expect(after).toBe(BASE.replace("[{path: /usr/bin/curl}, {path: /usr/bin/wget}]", "[{path: /usr/bin/wget}]"));
    expect(judged(after, { ...curl, host: "shared.example", binary: "/usr/bin/wget" })).toBe("allow");
  });

  test("one rule of a program that shares several: the others keep it", () => {
    const shared = BASE.replace(
      "    binaries:\n      - path: /usr/bin/curl",
      "    binaries:\n      - path: /usr/bin/curl\n      - path: /usr/bin/wget",
    );
    const after = removeRule(shared, read);
    expect(removeRule(after, read)).toBe(after);
    const policy = must(parsePolicy(after));
    expect(policy.network_policies.tickets?.binaries).toEqual([{ path: "/usr/bin/wget" }]);
    expect(policy.network_policies.tickets_curl?.endpoints[0]?.rules).toEqual([
      { allow: { method: "POST", path: "/api/tickets" } },
    ]);
    expect([judged(after, read), judged(after, { ...read, binary: "/usr/bin/wget" })]).toEqual(["deny", "allow"]);
    expect(judged(after, { ...curl, host: "files.creel.example" })).toBe("allow");
    expect(after).toContain("# end of the rules");
  });

  test("a section with its last entry, but not a section that somebody commented", () => {
    const entry = "  a:\n    endpoints: [{host: a.example, port: 443}]\n    binaries: [{path: /usr/bin/curl}]\n";
    const wanted = { ...curl, host: "a.example" };
    expect(removeRule(`version: 1\nnetwork_policies:\n${entry}`, wanted)).toBe("version: 1\n");
    expect(removeRule(`version: 1\nnetwork_policies: # few\n${entry}`, wanted)).toBe(
      "version: 1\nnetwork_policies: # few\n",
    );
  });
});

describe("removeRule refuses", () => {
  const file = (entries: string) => `version: 1\nnetwork_policies:\n${entries}`;
  const entry = (name: string, endpoint: string, binaries = "[{path: /usr/bin/curl}]") =>
    `  ${name}:\n    endpoints: [${endpoint}]\n    binaries: ${binaries}\n`;
  const wanted = { ...curl, host: "api.example.com", method: "GET", path: "/x" };

  test.each([
    ["to take from other hosts", entry("wide", '{host: "*.example.com", port: 443}'), /covers other hosts/],
    [
      "to take from other programs that a pattern names",
      entry("any", "{host: api.example.com, port: 443}", '[{path: "/**"}]'),
      /covers other programs/,
    ],
    [
      "to give a program that shares a budget a second one",
      `${entry(
        "both",
        "{host: api.example.com, port: 443, protocol: rest, rules: [{allow: {method: GET, path: /x}}, {allow: {method: GET, path: /y}}]}",
        "[{path: /usr/bin/curl}, {path: /usr/bin/wget}]",
      )}    limits: {requests: 5, per: day}\n`,
      /second budget/,
    ],
    [
      "to drop a deny rule that holds another entry back",
      entry(
        "narrow",
        "{host: api.example.com, port: 443, protocol: rest, access: read-only, deny_rules: [{method: POST, path: /pay}]}",
      ) + entry("wide", '{host: "**.example.com", port: 443, protocol: rest, access: full}', '[{path: "/usr/bin/c*"}]'),
      /holds back entry `wide`/,
    ],
    [
      "to drop a path that another entry would then speak for",
      entry("narrow", "{host: api.example.com, port: 443, path: /x, protocol: rest, access: read-only}") +
        entry("wide", "{host: api.example.com, port: 443, protocol: rest, access: full}"),
      /holds back entry `wide`/,
    ],
    ["a file with errors", "  a: {endpoint: []}\n", /errors/],
    ["anchors", "  a: &x {}\n", /errors/],
  ])("%s", (_, entries, reason) => {
    expect(() => removeRule(file(entries), wanted)).toThrow(reason);
    expect(() => removeRule(file(entries), wanted)).toThrow(PolicyEditError);
  });

  test("the model host, which is open unless the file says otherwise", () => {
    expect(() => removeRule("version: 1\n", { ...curl, host: "inference.local" })).toThrow(
      /inference: \{ enabled: false \}/,
    );
  });
});

describe("removeRule by name", () => {
  test("an entry, an endpoint, a rule; what is not there is no edit", () => {
    expect(removeRule(BASE, { entry: "shared" })).not.toContain("Shared by two");
    expect(removeRule(BASE, { entry: "nobody" })).toBe(BASE);
    const target = {
      entry: "tickets",
      endpoint: { host: "Tickets.creel.example" },
      rule: { method: "get", path: "/api/**" },
    };
    expect(removeRule(BASE, target)).toBe(removeRule(BASE, read));
    expect(removeRule(removeRule(BASE, target), target)).toBe(removeRule(BASE, target));
    expect(removeRule(BASE, { entry: "tickets", endpoint: { host: "files.creel.example" } })).not.toContain(
      "files.creel",
    );
  });

  test("of an entry that holds another one back, it refuses too", () => {
    const text = `version: 1
network_policies:
  wide: {endpoints: [{host: a.example.com, port: 443, protocol: rest, access: full}], binaries: [{path: /usr/bin/curl}]}
  guard: {endpoints: [{host: a.example.com, port: 443, protocol: rest, access: read-only, deny_rules: [{method: "*", path: /admin/**}]}], binaries: [{path: "/**"}]}
`;
    expect(() => removeRule(text, { entry: "guard" })).toThrow(/holds back entry `wide`/);
    expect(removeItem(text, ["network_policies", "guard"])).not.toContain("guard");
  });
});

const LAYOUTS: [string, string][] = [
  ["block style", BASE],
  ["Windows line ends", BASE.replaceAll("\n", "\r\n")],
  ["no line end at the end", BASE.trimEnd()],
  ["blank lines at the end", `${BASE}\n\n`],
  ["the section last", `${BASE.slice(0, BASE.indexOf("\nlandlock"))}`],
  ["an entry that ends in comments", BASE.replace("\n  # Shared", "    # more programs later\n\n  # Shared")],
  [
    "braces throughout",
    'version: 1\nnetwork_policies: {a: {endpoints: [{host: tickets.creel.example, port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/x"}}]}], binaries: [{path: /usr/bin/curl}]}}\n',
  ],
  [
    "braces over several lines",
    "version: 1\nnetwork_policies: {\n  a: {\n    endpoints: [],\n    binaries: []\n  }\n}\n",
  ],
  [
    "lists at the parent's indentation",
    'version: 1\nnetwork_policies:\n  a:\n    endpoints:\n    - host: tickets.creel.example\n      port: 443\n      protocol: rest\n      rules:\n      - allow:\n          method: GET\n          path: "/x"\n    binaries:\n    - path: /usr/bin/curl\n',
  ],
  [
    "odd indentation",
    "version: 1\nnetwork_policies:\n     a:\n           endpoints:\n                 -   host: tickets.creel.example\n                     port: 443\n                     protocol: rest\n                     rules:\n                      -    allow: {method: GET, path: /x}\n           binaries:\n            - path: /usr/bin/curl\n",
  ],
  ["no section at all", "version: 1\n"],
  [
    "a folded text at the end",
    "version: 1\nnetwork_policies:\n  a:\n    endpoints: []\n    binaries: []\n    reason: >-\n      because\n      of that\n",
  ],
];

describe("what addRule added, removeRule takes back byte for byte", () => {
  const wanted = fc.record({
    binary: fc.constantFrom("/usr/bin/curl", "/usr/bin/wget", "/opt/a[b]c"),
    host: fc.constantFrom("tickets.creel.example", "new.example", "files.creel.example", "10.1.2.3"),
    port: fc.constantFrom(443, 8080),
    method: fc.constantFrom("GET", "POST", "DELETE"),
    path: fc.constantFrom("/", "/api/y", "/a%2Fb", "/*!x", "/x"),
  });
  test.each(LAYOUTS)("in %s", (_, text) => {
    fc.assert(
      fc.property(fc.array(wanted, { minLength: 1, maxLength: 3 }), (requests) => {
        const texts = [text];
        const added: RuleRequest[] = [];
        for (const request of requests) {
          const now = texts.at(-1) ?? text;
          const next = addRule(now, request);
          if (next === now) continue;
          texts.push(next);
          added.push(request);
        }
        for (let i = added.length - 1; i >= 0; i--) {
          const [before, after, request] = [texts[i], texts[i + 1], added[i]];
          if (before === undefined || after === undefined || request === undefined) throw new Error("lost");
          const back = removeRule(after, request);
          expect(judged(back, request)).toBe("deny");
          // A file that did not end its last line has it ended by the first edit.
          expect(back).toBe(/\n$/.test(before) || !/\n$/.test(back) ? before : `${before}\n`);
        }
      }),
      { numRuns: 8 },
    );
  });
});

describe("removeItem", () => {
  test("for any policy and any item: exactly that item is gone, and nothing else", () => {
    fc.assert(
      fc.property(policies, fc.nat(), (policy, pick) => {
        const entries = Object.keys(policy.network_policies);
        const key = entries[pick % Math.max(1, entries.length)];
        if (key === undefined) return;
        const text = printPolicy(policy);
        const after = must(parsePolicy(removeItem(text, ["network_policies", key])));
        const { [key]: gone, ...rest } = policy.network_policies;
        expect(gone).toBeDefined();
        expect(after).toEqual({ ...policy, network_policies: rest });
      }),
      { numRuns: 30 },
    );
  });

  test("a key too long for one line goes too, and text of unseen characters stays readable", () => {
    const key = "k".repeat(1200);
    const policy = must(
      parsePolicy(
        JSON.stringify({
          version: 1,
          network_policies: { [key]: {} },
          tests: [{ name: "\u2028", request: { binary: "/bin/a", host: "a.example", port: 1 }, expect: "deny" }],
        }).replace("\u2028", "\\u2028"),
      ),
    );
    const text = printPolicy(policy);
    expect(text).toContain("? kkk");
    expect(must(parsePolicy(removeItem(text, ["network_policies", key])))).toEqual({ ...policy, network_policies: {} });
    // In a flow map with a comment the text cannot be cut, so the document is edited and printed.
    const flow = `version: 1\nnetwork_policies: { a: {} # kept\n  , "\\u2028": {} }\n`;
    const after = removeItem(flow, ["network_policies", "a"]);
    expect(Object.keys(must(parsePolicy(after)).network_policies)).toEqual(["\u2028"]);
  });

  test("a last deny rule takes its key along", () => {
    const text =
      "version: 1\nnetwork_policies:\n  a:\n    endpoints:\n      - host: a.example\n        port: 443\n        protocol: rest\n        access: full\n        deny_rules:\n          - {method: POST, path: /x}\n    binaries:\n      - path: /usr/bin/curl\n";
    expect(removeItem(text, ["network_policies", "a", "endpoints", 0, "deny_rules", 0])).toBe(
      text.replace("        deny_rules:\n          - {method: POST, path: /x}\n", ""),
    );
  });

  test("what is not there is an error that names it", () => {
    expect(() => removeItem(BASE, ["network_policies", "tickets", "endpoints", 7])).toThrow(/tickets\.endpoints\[7\]/);
    expect(() => removeItem(BASE, ["landlock", "compatibility"])).toThrow(PolicyEditError);
  });
});

describe("removeRule in any policy", () => {
  test("the request is denied afterwards, twice is once, and nothing is allowed that was not", () => {
    fc.assert(
      fc.property(policies, fc.nat(), (random, pick) => {
        // Programs and hosts are few, so that entries meet.
        const policy = must(
          parsePolicy(
            printPolicy({ ...random, network_middlewares: {} }).replaceAll(
              /[a-z-]+\.[a-z0-9-]+\.example/g,
              "a.b.example",
            ),
          ),
        );
        const requests = Object.values(policy.network_policies).flatMap((entry) =>
          entry.endpoints.flatMap((endpoint) =>
            entry.binaries.flatMap((binary): RuleRequest[] => {
              const base = { binary: binary.path, host: endpoint.host, port: endpoint.ports[0] ?? 443 };
              const rules = (endpoint.rules ?? [{ allow: { method: "GET", path: "/x" } }]).map(({ allow }) => ({
                ...base,
                method: allow.method === undefined || allow.method === "*" ? "POST" : allow.method,
                path: (allow.path ?? "/x").replaceAll("**", "x/y").replaceAll(/\*|\?|\[[^\]]*\]/g, "v"),
              }));
              return [base, ...rules];
            }),
          ),
        );
        const request = requests[pick % Math.max(1, requests.length)];
        if (request === undefined) return;
        const text = printPolicy(policy);
        let after: string;
        try {
          after = removeRule(text, request);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyEditError);
          return;
        }
        expect(removeRule(after, request)).toBe(after);
        expect(judged(after, request)).not.toBe("allow");
        const [before, now] = [compiled(text), compiled(after)];
        for (const one of requests)
          if (decide(now, one, 0).decision === "allow")
            expect([one, decide(before, one, 0).decision]).toEqual([one, "allow"]);
      }),
      { numRuns: 50 },
    );
  });
});
