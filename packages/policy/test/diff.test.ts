/** What a diff says: in the words of the file, with a grade that never falls for a wider set, and within bounds. */
import { describe, expect, it } from "vitest";
import {
  changeCovers,
  describeTextSet,
  diffPolicies,
  isGraver,
  type Policy,
  type PolicyDiff,
  parsePolicy,
  type RequestChange,
  riskGrades,
} from "../src/index.ts";
import { must } from "./support.ts";

const parse = (text: string): Policy => must(parsePolicy(`version: 1\n${text}`));
const diff = (before: string, after: string): PolicyDiff => diffPolicies(parse(before), parse(after), { nowMs: 0 });

interface Entry {
  host?: string;
  rest?: string;
  programs?: string;
  more?: string;
}
const entry = ({
  host = "api.example.com",
  rest = "access: read-only",
  programs = "/usr/bin/curl",
  more = "",
}: Entry) =>
  `network_policies:
  api:
    endpoints: [{host: "${host}", port: 443, ${rest === "raw" ? "tls: skip" : `protocol: rest, ${rest}`}}]
    binaries: [{path: "${programs}"}]
${more}`;
const only = (found: PolicyDiff): RequestChange => {
  expect(found.requests.map(({ sentence }) => sentence)).toHaveLength(1);
  const [change] = found.requests;
  if (change === undefined) throw new Error("no change");
  return change;
};
const GET_ALL = "{allow: {method: GET, path: /repos/**}}";

describe("one edit is one change in the words of the rule", () => {
  it("a rule added", () => {
    const added = only(
      diff(
        entry({ rest: `rules: [${GET_ALL}]` }),
        entry({ rest: `rules: [${GET_ALL}, {allow: {method: POST, path: "/repos/*/*/issues"}}]` }),
      ),
    );
    expect(added.sentence).toBe(
      "`/usr/bin/curl` may newly send POST to `api.example.com:443` matching `/repos/*/*/issues`.",
    );
    expect(added).toMatchObject({
      effect: "allow",
      ruleAfter: "api",
      protocol: "rest",
      methods: ["POST"],
      tools: null,
    });
  });

  it("a rule added beside a deny rule says what stays denied", () => {
    const denies = 'deny_rules: [{method: POST, path: "/repos/*/*/pulls/**"}]';
    const added = only(
      diff(
        entry({ rest: `rules: [${GET_ALL}], ${denies}` }),
        entry({ rest: `rules: [${GET_ALL}, {allow: {method: POST, path: /repos/**}}], ${denies}` }),
      ),
    );
    expect(added.sentence).toBe(
      "`/usr/bin/curl` may newly send POST to `api.example.com:443` under `/repos/**`, except `/repos/*/*/pulls/**`.",
    );
  });

  it("a deny rule removed holds for every spelling that it held for, and is grave", () => {
    const denies = ', deny_rules: [{method: POST, path: "/admin/**"}]';
    const opened = only(diff(entry({ rest: `access: read-write${denies}` }), entry({ rest: "access: read-write" })));
    expect(opened.sentence).toBe(
      "`/usr/bin/curl` may newly send POST to `api.example.com:443` under `/admin/**` in any spelling.",
    );
    expect(opened.risk.grade).toBe("high");
    expect(opened.denyRuleRemoved).toBe(true);
    expect(changeCovers(opened, { ...opened.example, path: "/ADMIN/x/" })).toBe(true);
    expect(changeCovers(opened, { ...opened.example, path: "/admins" })).toBe(false);
  });

  it("an entry added carries its connection; an entry removed denies the same set", () => {
    const added = only(diff("network_policies: {}", entry({})));
    expect(added.sentence).toBe(
      "`/usr/bin/curl` may newly send GET, HEAD and OPTIONS to `api.example.com:443` under any path.",
    );
    expect(added.reach).toEqual({ connection: true, requests: true, unreadable: false });
    expect(added.risk).toEqual({
      grade: "low",
      reasons: ["It only reads, at a named host that is inspected, for a named program."],
    });
    const removed = only(diff(entry({}), "network_policies: {}"));
    expect(removed).toMatchObject({ effect: "deny", paths: added.paths, methods: added.methods, where: added.where });
  });

  it("an entry that ends says until when", () => {
    const ends = entry({ more: '    expires_at: "2030-01-01T00:00:00Z"\n' });
    const cut = only(diff(entry({}), ends));
    expect(cut.effect).toBe("deny");
    expect(cut.sentence).toContain("from 2030-01-01T00:00:00.000Z on");
  });

  it("an MCP tool added is one change that names the tool", () => {
    const tools = (names: string[]) =>
      entry({}).replace(
        "protocol: rest, access: read-only",
        `protocol: mcp, rules: [${names.map((name) => `{allow: {method: tools/call, tool: ${name}}}`).join(", ")}]`,
      );
    const added = only(diff(tools(["read_file"]), tools(["read_file", "write_file"])));
    expect(added.tools).toEqual([{ match: "write_file", except: [] }]);
    expect(added.protocol).toBe("mcp");
  });
});

describe("nothing changed, nothing said", () => {
  it("for another order of entries, rules and programs, comments and keys", () => {
    const a = `network_policies:
  one: {endpoints: [{host: a.example.com, port: 443, protocol: rest, rules: [{allow: {method: GET, path: /a}}, {allow: {method: PUT, path: /b}}]}], binaries: [{path: /bin/a}, {path: /bin/b}]}
  two: {endpoints: [{host: b.example.com, port: 443}], binaries: [{path: /bin/a}]}
`;
    const b = `# A comment.
network_policies:
  two: {binaries: [{path: /bin/a}], endpoints: [{port: 443, host: B.example.com}]}
  one: {endpoints: [{host: a.example.com, port: 443, protocol: rest, rules: [{allow: {method: PUT, path: /b}}, {allow: {method: GET, path: /a}}]}], binaries: [{path: /bin/b}, {path: /bin/a}]}
`;
    expect(diff(a, b)).toEqual({ requests: [], settings: [], exact: true, risk: "none" });
  });

  it("an entry under another key is a new name, not a new right", () => {
    const found = diff(entry({}), entry({}).replace("  api:", "  other:"));
    expect(found.requests).toEqual([]);
    expect(found.settings.map(({ sentence }) => sentence)).toEqual(["Entry `api` is now called `other`."]);
  });
});

describe("the grade", () => {
  const gradeOf = (after: string): PolicyDiff["risk"] => diff("network_policies: {}", after).risk;
  const widening: [string, string][][] = [
    [
      ["reading", entry({})],
      ["writing", entry({ rest: "access: read-write" })],
      ["everything", entry({ rest: "access: full" })],
      ["uninspected", entry({ rest: "raw" })],
    ],
    [
      ["one host", entry({})],
      ["all hosts of a name", entry({ host: "*.example.com" })],
      ["all hosts of a name for any program", entry({ host: "*.example.com", programs: "/**" })],
    ],
    [
      ["one program", entry({})],
      ["a shell", entry({ programs: "/usr/bin/bash" })],
      ["every program of a directory", entry({ programs: "/usr/bin/*" })],
      ["any program", entry({ programs: "/**" })],
    ],
  ];
  it.each(widening)("never falls from %s to the wider ones", (...steps) => {
    const grades = steps.map(([, text]) => gradeOf(text));
    for (const [i, grade] of grades.entries()) if (i > 0) expect(isGraver(grades[i - 1] ?? "none", grade)).toBe(false);
    expect(isGraver(grades.at(-1) ?? "none", grades[0] ?? "none")).toBe(true);
  });

  it("is critical where a credential comes into reach", () => {
    const secret = "credentials: {token: {endpoints: [{host: api.example.com, port: 443}]}}\n";
    const found = diff(secret, `${secret}${entry({})}`);
    expect(found.risk).toBe("critical");
    expect(found.requests[0]?.risk.reasons[0]).toContain("`token`");
  });

  it("knows its order", () => {
    expect(riskGrades).toEqual(["none", "low", "medium", "high", "critical"]);
    expect(isGraver("high", "medium")).toBe(true);
    expect(isGraver("high", "high")).toBe(false);
  });
});

describe("settings", () => {
  const fields = (before: string, after: string) =>
    diff(before, after).settings.map(({ field, effect, risk }) => `${field} ${effect} ${risk.grade}`);
  it.each([
    ["network_policies: {}", "mode: monitor", "mode widens critical"],
    ["mode: monitor", 'mode: monitor\nmonitor_until: "2030-01-01T00:00:00Z"', "monitor_until narrows low"],
    ["filesystem_policy: {read_only: [/usr]}", "filesystem_policy: {read_only: [/usr, /usr/lib]}", ""],
    [
      "filesystem_policy: {read_only: [/usr]}",
      "filesystem_policy: {read_only: [/usr, /home]}",
      "filesystem_policy.read_only widens high",
    ],
    [
      "filesystem_policy: {read_write: [/tmp]}",
      "filesystem_policy: {read_write: [/tmp, /work]}",
      "filesystem_policy.read_write widens medium",
    ],
    [
      "landlock: {compatibility: hard_requirement}",
      "landlock: {compatibility: best_effort}",
      "landlock.compatibility widens high",
    ],
    [
      entry({}),
      entry({ rest: "access: read-only, enforcement: audit" }),
      "network_policies.api.endpoints.api.example.com.enforcement widens high",
    ],
    [entry({}), entry({ more: "    owner: ops\n" }), "network_policies.api.owner changes none"],
    [
      entry({ more: "    limits: {requests: 5, per: minute}\n" }),
      entry({}),
      "network_policies.api.limits widens medium",
    ],
    [
      "credentials: {}",
      "credentials: {token: {endpoints: [{host: api.example.com, port: 443}]}}",
      "credentials.token widens critical",
    ],
    [
      "credentials: {token: {endpoints: [{host: api.example.com, port: 443}]}}",
      "credentials: {}",
      "credentials.token narrows low",
    ],
    [
      "tests: [{request: {binary: /b, host: h.example.com, port: 443}, expect: deny}]",
      "tests: []",
      "tests widens medium",
    ],
    [
      "inference: {enabled: true, limits: {requests: 5, per: minute}}",
      "inference: {enabled: true}",
      "inference.limits widens medium",
    ],
    [
      "filesystem_policy: {include_workdir: false}",
      "filesystem_policy: {include_workdir: true}",
      "filesystem_policy.include_workdir widens medium",
    ],
    [
      "network_middlewares: {m: {middleware: scan, endpoints: {include: [a.example.com]}}}",
      "network_middlewares: {}",
      "network_middlewares.m widens high",
    ],
  ])("%s -> %s", (before, after, wanted) => {
    expect(fields(before, after).join()).toBe(wanted);
  });
});

describe("the model host", () => {
  const section = (models: string) => `inference: {enabled: true, models: [${models}]}`;
  it("a model more changes what may be asked for, and nothing of what has no single reading", () => {
    const found = only(diff(section("m"), section("m, n")));
    const request = { binary: "/bin/a", host: "inference.local", port: 443, method: "POST", path: "/v1/chat" };
    expect(found.reach).toMatchObject({ requests: true, unreadable: false });
    expect(changeCovers(found, { ...request, body: '{"model": "n"}' })).toBe(true);
    expect(changeCovers(found, { ...request, body: '{"model": "m"}' })).toBe(false);
    expect(changeCovers(found, { ...request, method: "CONNECT" })).toBe(false);
  });
});

describe("bounds", () => {
  it("a file made to be incomparable ends soon, claims the whole place in both directions and says so", () => {
    const globs = (letter: string) =>
      entry({
        rest: `rules: [${Array.from({ length: 60 }, (_, i) => `{allow: {method: GET, path: "/**/${letter}${i}*/**/x"}}`).join(", ")}]`,
      });
    const found = diff(globs("a"), globs("b"));
    expect(found.exact).toBe(false);
    expect(found.requests.map(({ effect }) => effect).sort()).toEqual(["allow", "deny"]);
    for (const change of found.requests)
      expect(
        changeCovers(change, {
          binary: "/usr/bin/curl",
          host: "api.example.com",
          port: 443,
          method: "GET",
          path: "/b1/x",
        }),
      ).toBe(true);
  });
});

describe("sets in words", () => {
  const added = (rules: string) =>
    only(diff(entry({ rest: `rules: [${GET_ALL}]` }), entry({ rest: `rules: [${GET_ALL}, ${rules}]` }))).sentence;
  it.each([
    ["/a/b", "at `/a/b`"],
    ["/a/**", "under `/a/**`"],
    ["/a/*", "matching `/a/*`"],
  ])("%s is said as %s", (path, words) => {
    expect(added(`{allow: {method: POST, path: "${path}"}}`)).toBe(
      `\`/usr/bin/curl\` may newly send POST to \`api.example.com:443\` ${words}.`,
    );
  });

  it("name what is left out", () => {
    expect(describeTextSet({ match: "/a/**", except: ["/a/b", "/a/c"] })).toBe("`/a/**`, except `/a/b` and `/a/c`");
  });
});
