/** Edits by which a widening could hide from a reviewer: each must show, with a grade that fits, in little time. */
import { describe, expect, it } from "vitest";
import {
  changeCovers,
  diffPolicies,
  type Policy,
  type PolicyDiff,
  type PolicyRequest,
  parsePolicy,
} from "../src/index.ts";
import { must } from "./support.ts";

const parse = (text: string): Policy => must(parsePolicy(`version: 1\n${text}`));
const diff = (before: string, after: string): PolicyDiff => diffPolicies(parse(before), parse(after), { nowMs: 0 });

interface Entry {
  rest: string;
  more?: string;
  binary?: string;
  key?: string;
}
const entry = ({ rest, more = "", binary = "{path: /bin/a}", key = "api" }: Entry): string =>
  `  ${key}:\n    endpoints: [{host: api.example.com, port: 443, ${rest}}]\n    binaries: [${binary}]\n${more}`;
const file = (...entries: string[]): string => `network_policies:\n${entries.join("")}`;
const rules = (...list: string[]): string =>
  `protocol: rest, rules: [${list.map((one) => `{allow: ${one}}`).join(", ")}]`;
const claimed = ({ requests }: PolicyDiff, request: Partial<PolicyRequest>): string[] =>
  requests
    .filter((change) => changeCovers(change, { binary: "/bin/a", host: "api.example.com", port: 443, ...request }))
    .map(({ effect }) => effect);

describe("rules that speak of the query alone", () => {
  const git = (service: string) => `{method: GET, path: "/*/*/info/refs", query: {service: "${service}"}}`;
  it.each([
    [
      "a value becomes any",
      rules(git("git-upload-pack")),
      rules(git("*")),
      "GET",
      "/a/b/info/refs?service=git-receive-pack",
      "allow",
    ],
    [
      "everything with a value",
      rules("{method: GET, path: /a, query: {q: x}}"),
      rules('{method: "*", path: "/**", query: {q: "*"}}'),
      "POST",
      "/z?q=1",
      "allow",
    ],
    [
      "another method",
      rules('{method: GET, path: "/a/**", query: {q0: x}}'),
      rules('{method: POST, path: "/a/**", query: {q0: x}}'),
      "POST",
      "/a/b?q0=x",
      "allow",
    ],
    [
      "a deny rule goes",
      "protocol: rest, access: full, deny_rules: [{method: GET, path: /a, query: {q: x}}]",
      "protocol: rest, access: full",
      "GET",
      "/a?Q=X",
      "allow",
    ],
    [
      "a rule comes",
      rules("{method: GET, path: /b}"),
      rules("{method: GET, path: /b}", '{method: DELETE, path: "/**", query: {force: "*"}}'),
      "DELETE",
      "/x?force=",
      "allow",
    ],
  ])("%s", (_, before, after, method, path, effect) => {
    const found = diff(file(entry({ rest: before })), file(entry({ rest: after })));
    expect(found.exact).toBe(true);
    expect(claimed(found, { method, path })).toEqual([effect]);
  });
  it("an operation that GET carries in its query", () => {
    const graphql = (type: string) => `protocol: graphql, rules: [{allow: {operation_type: ${type}}}]`;
    const found = diff(file(entry({ rest: graphql("mutation") })), file(entry({ rest: graphql("query") })));
    expect(claimed(found, { method: "GET", path: "/graphql?query=%7Bf%7D" })).toEqual(["allow"]);
  });
});

describe("keys that every record seems to have", () => {
  it.each(["__proto__", "constructor", "toString"])("an entry called %s", (key) => {
    const [with_, without] = [file(entry({ rest: "protocol: rest, access: full", key })), "network_policies: {}\n"];
    expect(diff(without, with_).requests[0]).toMatchObject({ effect: "allow", ruleAfter: key });
    expect(diff(with_, without).requests[0]).toMatchObject({ effect: "deny", ruleBefore: key });
    expect(diff(with_, with_)).toMatchObject({ requests: [], settings: [] });
  });
  it.each(["__proto__", "constructor"])("a middleware called %s", (key) => {
    const text = `network_policies: {}\nnetwork_middlewares: {${key}: {middleware: scan, endpoints: {include: [a.example.com]}}}\n`;
    expect(diff("network_policies: {}\n", text).settings[0]?.sentence).toBe(`Middleware \`${key}\` is added.`);
  });
});

describe("what is taken away is graded as a protection", () => {
  const GET = rules("{method: GET, path: /a}");
  const PIN = "a".repeat(64);
  it("a digest's pin", () => {
    const found = diff(
      file(entry({ rest: GET, binary: `{path: /bin/a, sha256: ${PIN}}` })),
      file(entry({ rest: GET })),
    );
    expect(found.requests[0]?.risk).toMatchObject({
      grade: "high",
      reasons: ["The program's digest is no longer asked for there: any file at its path may do it."],
    });
  });
  const until = (year: string) => `    expires_at: "${year}-01-01T00:00:00Z"\n`;
  it.each([
    ["one month", '    expires_at: "2030-02-01T00:00:00Z"\n', "medium"],
    ["many years", until("2099"), "high"],
    ["no end", "", "high"],
  ])("an end put off: %s", (_, more, grade) => {
    const found = diff(file(entry({ rest: GET, more: until("2030") })), file(entry({ rest: GET, more })));
    expect(found.requests[0]).toMatchObject({ effect: "allow", risk: { grade } });
  });
  it("a deny rule that is given an end", () => {
    const denies = (more: string) =>
      file(
        entry({ rest: "protocol: rest, access: read-only" }),
        entry({
          key: "denies",
          rest: `${rules("{method: GET, path: /b}")}, deny_rules: [{method: GET, path: /a}]`,
          more,
        }),
      );
    const found = diff(denies(""), denies(until("2030")));
    expect(found.requests[0]).toMatchObject({ effect: "allow", denyRuleRemoved: true, risk: { grade: "high" } });
  });
});

describe("any change by which a middleware may judge less", () => {
  const middleware = (more: string) => `network_policies: {}\nnetwork_middlewares: {m: {${more}}}\n`;
  const OWN = "middleware: scan, endpoints: {include: [a.example.com, b.example.com], exclude: [c.example.com]}";
  it.each([
    ["exclude grows", OWN.replace("[c.", "[d.example.com, c."), "widens high"],
    ["include shrinks", OWN.replace("a.example.com, ", ""), "widens high"],
    ["another kind", OWN.replace("scan", "pass"), "widens high"],
    ["an error lets through", `${OWN}, on_error: fail_open`, "widens high"],
    ["a configuration", `${OWN}, config: {block: []}`, "widens high"],
    [
      "more is seen and more skipped",
      OWN.replace("include: [", "include: [z.example.com, ").replace("[c.", "[d.example.com, c."),
      "widens high",
    ],
    ["more is seen", OWN.replace("include: [", "include: [z.example.com, "), "narrows low"],
    ["less is skipped", OWN.replace(", exclude: [c.example.com]", ""), "narrows low"],
    ["only its name", `${OWN}, name: other`, "changes none"],
  ])("%s", (_, next, wanted) => {
    const [found] = diff(middleware(OWN), middleware(next)).settings;
    expect(`${found?.effect} ${found?.risk.grade}`).toBe(wanted);
  });
});

describe("files made to be incomparable are claimed whole, soon and in few words", () => {
  const times = (count: number, make: (i: number) => string): string =>
    Array.from({ length: count }, (_, i) => make(i)).join(", ");
  it("thousands of names of the query", () => {
    const many = (method: string) =>
      file(
        entry({
          rest: `protocol: rest, rules: [${times(4000, (i) => `{allow: {method: ${method}, path: /a, query: {q${i}: x}}}`)}]`,
        }),
      );
    const found = diff(many("GET"), many("POST"));
    expect(found.exact).toBe(false);
    expect(claimed(found, { method: "POST", path: "/a?q7=x" })).toEqual(["allow", "deny"]);
  });
  it("every endpoint at hundreds of ports for hundreds of programs that children inherit", () => {
    const many = (access: string) =>
      `network_policies:\n  api:\n    endpoints: [${times(20, (i) => `{host: "*.x${i}.com", ports: [${times(300, (port) => String(port + i + 1))}], protocol: rest, access: ${access}}`)}]\n    binaries: [${times(300, (i) => `{path: /bin/p${i}, inherit: true}`)}]\n`;
    const found = diff(many("read-only"), many("read-write"));
    expect(found.exact).toBe(false);
    expect(JSON.stringify(found).length).toBeLessThan(500_000);
    const request = { binary: "/bin/p7", host: "a.x3.com", port: 100, method: "POST", path: "/" };
    expect(claimed(found, request)).toEqual(["allow", "deny"]);
  });
});

describe("binary messages of a WebSocket, which no rule names", () => {
  const socket = (rest: string) => file(entry({ rest: `protocol: websocket, ${rest}` }));
  const asked = { method: "WEBSOCKET_BINARY", path: "/live" };
  const all = '{allow: {method: "*", path: "/**"}}';
  it.each([
    ["full access", socket("access: read-write"), socket("access: full")],
    ["a rule for any method", socket('rules: [{allow: {method: GET, path: "/**"}}]'), socket(`rules: [${all}]`)],
    [
      "a denial of texts that went",
      socket(`rules: [${all}], deny_rules: [{method: WEBSOCKET_TEXT, path: "/live"}]`),
      socket(`rules: [${all}]`),
    ],
  ])("show when they become allowed by %s, and when they are no more", (_how, narrow, wide) => {
    expect(claimed(diff(narrow, wide), asked)).toContain("allow");
    expect(claimed(diff(wide, narrow), asked)).toContain("deny");
    expect(claimed(diff(wide, wide), asked)).toEqual([]);
  });
});
