import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileHostGlob } from "../src/engine/endpoint.ts";
import { GlobSet } from "../src/glob/set.ts";
import {
  type Clause,
  compileGlob,
  compilePolicy,
  decide,
  type Endpoint,
  globProblem,
  namesHost,
  type Policy,
  type PolicyEntry,
  type PolicyRequest,
} from "../src/index.ts";
import { referenceDecide } from "./reference-decide.ts";

const one = <T>(...values: T[]) => fc.constantFrom(...values);

/** Patterns that share prefixes, cross each other and end alike, so that an index has something to confuse. */
const pathPattern = fc.oneof(
  one(
    "/**",
    "/",
    "/a",
    "/a/",
    "/a/*",
    "/a/**",
    "/a/b",
    "/a/b*",
    "/a/*/c",
    "/*/b",
    "/*/*",
    "/*/*/c",
    "/**/c",
    "/**/b/*",
  ),
  one(
    "/a?",
    "/[ab]",
    "/a/[!b]",
    "/A/b",
    "/ab",
    "/ab/**",
    "/a**",
    "/a/**/c",
    "**",
    "**/b",
    "/%61/b",
    "/a%2Fb",
    "/**/c/**",
  ),
  fc
    .array(one("a", "b", "ab", "*", "**", "a*", "*b", "?"), { minLength: 1, maxLength: 4 })
    .map((s) => `/${s.join("/")}`),
);
const path = fc.oneof(
  one(
    "/",
    "/a",
    "/a/",
    "/a/b",
    "/A/B",
    "/a/b/c",
    "/b/b",
    "/x/y/c",
    "/%61/b",
    "/a%2fb",
    "/a//b",
    "/a?q=1",
    "/a/b?q=2&q=1",
  ),
  fc.array(one("a", "b", "ab", "c", "B", "%41"), { minLength: 1, maxLength: 4 }).map((s) => `/${s.join("/")}`),
);
const method = one("GET", "POST", "HEAD", "DELETE", "*");

/** Most requests get past the first questions, so that the later ones are asked too. */
const often = <T>(usual: T, others: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(usual), weight: 5 }, { arbitrary: others, weight: 1 });
const rarely = <T>(value: fc.Arbitrary<T>) => often<T | undefined>(undefined, value);

const httpClause = fc.record({
  method,
  path: pathPattern,
  query: rarely(one<Clause["query"]>({ q: "1" }, { q: { any: ["1", "2"] } }, { Q: "*" })),
  request: rarely(one<Clause["request"]>({ headers: { X: "y*" } }, { max_body_bytes: 3 })),
});
const toolClause = fc.oneof(
  fc.record({ method: one("tools/call"), tool: one("t1", "t2", "t*", "T1", "*x") }),
  fc.record({ method: one("tools/list", "tools/*", "ping", "initialize") }),
);
const graphqlClause = fc.record(
  {
    operation_type: one<NonNullable<Clause["operation_type"]>>("query", "mutation", "*"),
    operation_name: one("A", "B*"),
    fields: fc.array(one("f", "g", "f*"), { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: ["operation_type"] },
);

const host = fc.oneof(
  { arbitrary: fc.constant("h.example.com"), weight: 5 },
  {
    arbitrary: one("i.example.com", "*.example.com", "**.example.com", "*-1.example.com", "a.*.example.com"),
    weight: 3,
  },
);
const target = fc.record({
  host,
  ports: one([443], [443], [80, 443], [80]),
  path: fc.oneof({ arbitrary: fc.constant(undefined), weight: 2 }, pathPattern),
  enforcement: one<Endpoint["enforcement"]>("enforce", "enforce", "enforce", "audit"),
  allowed_ips: one(undefined, undefined, undefined, ["10.0.0.0/8"], ["10.1.0.0/16", "8.8.8.8"]),
  allow_encoded_slash: one(undefined, true),
});
const rules = <T extends Clause>(clause: fc.Arbitrary<T>) =>
  fc.array(
    clause.map((allow) => ({ allow })),
    { minLength: 1, maxLength: 6 },
  );
const denies = <T extends Clause>(clause: fc.Arbitrary<T>) => rarely(fc.array(clause, { minLength: 1, maxLength: 3 }));
const access = one<NonNullable<Endpoint["access"]>>("read-only", "read-write", "full");
const said = <T extends Clause>(clause: fc.Arbitrary<T>) =>
  fc.oneof(
    fc.record({ access, deny_rules: denies(clause) }),
    fc.record({ rules: rules(clause), deny_rules: denies(clause) }),
  );

const spoken: fc.Arbitrary<Partial<Endpoint>> = fc.oneof(
  { arbitrary: said(httpClause).map((rest) => ({ protocol: "rest" as const, ...rest })), weight: 6 },
  { arbitrary: fc.constant({}), weight: 1 },
  fc
    .record({ rules: rules(toolClause), deny_rules: denies(toolClause) })
    .map((rest) => ({ protocol: "mcp" as const, ...rest })),
  said(graphqlClause).map((rest) => ({ protocol: "graphql" as const, ...rest })),
  said(
    fc.oneof(
      httpClause.map((clause) => ({ ...clause, method: "GET" })),
      graphqlClause,
    ),
  ).map((rest) => ({
    protocol: "websocket" as const,
    ...rest,
  })),
);
const hostless = fc.constant<Endpoint>({ host: "", ports: [443], enforcement: "enforce", allowed_ips: ["10.0.0.0/8"] });
const endpoint: fc.Arbitrary<Endpoint> = fc.oneof(
  { arbitrary: fc.tuple(target, spoken).map(([where, what]) => ({ ...where, ...what })), weight: 12 },
  hostless,
);
const pin = "a".repeat(64);
const binary = fc.oneof(
  { arbitrary: fc.constant({ path: "/usr/bin/a" }), weight: 2 },
  fc.record(
    {
      path: one("/usr/bin/a", "/usr/bin/b", "/usr/bin/*", "/usr/**", "/opt/**/x", "/usr/bin/a*", "/usr/bin/[ab]"),
      inherit: one(true),
      sha256: one(pin),
      script: one("/s/1.py", "/s/*"),
    },
    { requiredKeys: ["path"] },
  ),
);
const entry: fc.Arbitrary<PolicyEntry> = fc.record({
  name: fc.constant("e"),
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 3 }),
  binaries: fc.array(binary, { minLength: 1, maxLength: 2 }),
  expires_at: one(undefined, undefined, "2026-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
  request: one<PolicyEntry["request"]>(undefined, undefined, undefined, { headers: { x: "y" } }),
});
const policy: fc.Arbitrary<Policy> = fc
  .record({ entries: fc.array(entry, { minLength: 1, maxLength: 14 }), monitor: one(false, false, false, true) })
  .map(({ entries, monitor }) => ({
    version: 1,
    mode: monitor ? "monitor" : "enforce",
    network_policies: Object.fromEntries(entries.map((value, i) => [`e${(i * 7) % 15}`, value])),
    network_middlewares: {},
    credentials: {},
    tests: [],
  }));

const body = one(
  '{"query":"{ f }"}',
  '{"query":"mutation B1 { f g }"}',
  '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"t1"}}',
  '[{"jsonrpc":"2.0","method":"tools/call","params":{"name":"t2"}},{"jsonrpc":"2.0","method":"ping"}]',
  '{"type":"subscribe","payload":{"query":"mutation A { f }"}}',
  "x",
);
const request: fc.Arbitrary<PolicyRequest> = fc.record({
  binary: often("/usr/bin/a", one("/usr/bin/b", "/usr/lib/c", "/opt/x", "/opt/../x")),
  host: often(
    "h.example.com",
    one("H.example.com.", "i.example.com", "x-1.example.com", "a.b.example.com", "10.1.2.3", "none.test"),
  ),
  port: often(443, one(80, 0)),
  sha256: rarely(one(pin, "b".repeat(64))),
  script: rarely(one("/s/1.py", "/s/2.py")),
  ancestors: rarely(one(["/usr/bin/a"], ["/bin/sh", "/usr/bin/b"])),
  method: one("GET", "GET", "POST", "POST", "HEAD", "DELETE", "WEBSOCKET_TEXT", "get", undefined),
  path: often<string | undefined>("/a/b", path),
  headers: one<Record<string, string> | undefined>(
    undefined,
    { x: "y" },
    { x: "y", Upgrade: "websocket" },
    { "X-HTTP-Method-Override": "DELETE" },
  ),
  body: fc.option(body, { nil: undefined }),
  ip: rarely(one("8.8.8.8", "10.1.0.9", "10.2.0.1", "169.254.169.254", "192.168.0.1")),
});
const MOMENTS = ["2025-12-31T00:00:00Z", "2026-03-01T00:00:00Z", "2026-07-01T00:00:00Z"].map((text) =>
  Date.parse(text),
);

describe("a decision by index is the decision by asking everybody", () => {
  test("decision, rule and reason, over random policies and requests", () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(policy, fc.array(request, { minLength: 12, maxLength: 12 }), (random, requests) => {
        const compiled = compilePolicy(random);
        for (const [i, asked] of requests.entries()) {
          const nowMs = MOMENTS[i % MOMENTS.length] ?? 0;
          const expected = referenceDecide(random, asked, nowMs);
          expect(decide(compiled, asked, nowMs)).toEqual(expected);
          const kind = expected.reason.replace(/`[^`]*`|\S*[:/.[]\S*/g, "_").slice(0, 40);
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
      }),
      { numRuns: 500 },
    );
    // A generator that no longer reaches the rules would prove nothing.
    const reached = (start: string) =>
      [...seen].reduce((sum, [kind, count]) => (kind.startsWith(start) ? sum + count : sum), 0);
    expect(seen.size).toBeGreaterThan(30);
    for (const start of ["Denied by", "Allowed by", "Entry _ gives", "Entry _ does not allow", "No endpoint's path"])
      expect(reached(start), start).toBeGreaterThan(100);
  });

  test("which hosts have a name", () => {
    fc.assert(
      fc.property(policy, request, (random, { host: asked }) => {
        const hosts = Object.values(random.network_policies).flatMap((own) => own.endpoints.map((e) => e.host));
        const plain = asked.toLowerCase().replace(/\.$/, "");
        const named =
          random.mode === "monitor" ||
          hosts.some((h) => h === "" || h === plain || (h.includes("*") && compileHostGlob(h)(plain)));
        expect(namesHost(compilePolicy(random), asked, 0)).toBe(named);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** An endpoint with many rules speaks as many endpoints with one rule each would: so few are not indexed. */
describe("many rules that judge a body", () => {
  const CALLER = { binary: "/usr/bin/a", host: "h.example.com", port: 443, method: "POST", path: "/" };
  const policyOf = (spoken: Partial<Endpoint>): Policy => ({
    version: 1,
    mode: "enforce",
    network_policies: {
      x: {
        name: "x",
        endpoints: [{ host: CALLER.host, ports: [443], enforcement: "enforce", ...spoken }],
        binaries: [{ path: CALLER.binary }],
      },
    },
    network_middlewares: {},
    credentials: {},
    tests: [],
  });
  const outcome = (spoken: Partial<Endpoint>, body: string) =>
    decide(compilePolicy(policyOf(spoken)), { ...CALLER, body }, 0).decision;
  const glob = one("t1", "t*", "*x", "T2", "delete*", "q");
  const tool = fc.oneof(
    glob,
    fc.array(glob, { minLength: 1, maxLength: 12 }).map((any) => ({ any })),
  );
  const call = fc.oneof(
    fc.record({ method: one("tools/call"), tool }),
    fc.record({ tool }),
    fc.record({ params: fc.record({ name: glob, arguments: one({ p: "a*" }) }) }),
    fc.record({ method: one("ping", "tools/list", "tools/*", "tools/call") }),
  );
  const calls = fc.record({
    method: one("ping", "tools/list", "Tools/Call", "tools/call", "tools/call", "tools/call"),
    params: one<unknown>(
      undefined,
      {},
      { name: 1 },
      { name: "t1", arguments: { p: "ab" } },
      { name: "x" },
      { name: "delete.x" },
    ),
  });
  const mcp = (rest: Partial<Endpoint>): Partial<Endpoint> => ({ protocol: "mcp", ...rest });
  test("calls", () => {
    fc.assert(
      fc.property(fc.array(call, { minLength: 9, maxLength: 20 }), calls, (clauses, asked) => {
        const body = JSON.stringify({ jsonrpc: "2.0", id: 1, ...asked });
        const allowing = (list: Clause[]) => outcome(mcp({ rules: list.map((allow) => ({ allow })) }), body);
        expect(allowing(clauses)).toBe(clauses.some((clause) => allowing([clause]) === "allow") ? "allow" : "deny");
        const all = { mcp: { allow_all_known_mcp_methods: true } };
        const denying = (deny_rules: Clause[]) => outcome(mcp({ ...all, deny_rules }), body);
        expect(denying(clauses)).toBe(clauses.some((clause) => denying([clause]) === "deny") ? "deny" : "allow");
      }),
      { numRuns: 600 },
    );
  });
  const operation = fc.record(
    {
      operation_type: one<NonNullable<Clause["operation_type"]>>("query", "mutation", "*"),
      operation_name: glob,
      fields: fc.array(one("a", "b*", "A", "*c", "d"), { minLength: 1, maxLength: 10 }),
    },
    { requiredKeys: ["operation_type"] },
  );
  test("operations", () => {
    const query = fc
      .tuple(
        one("query", "mutation"),
        one("", "t1", "T2", "x"),
        fc.array(one("a", "bb", "B", "abc", "e"), { minLength: 1 }),
      )
      .map(([type, named, fields]) => `${type} ${named} { ${fields.join(" ")} }`);
    fc.assert(
      fc.property(fc.array(operation, { minLength: 9, maxLength: 20 }), query, (clauses, text) => {
        const body = JSON.stringify({ query: text });
        const graphql = (rest: Partial<Endpoint>) => outcome({ protocol: "graphql", ...rest }, body);
        const allowing = (list: Clause[]) => graphql({ rules: list.map((allow) => ({ allow })) });
        expect(allowing(clauses)).toBe(clauses.some((clause) => allowing([clause]) === "allow") ? "allow" : "deny");
        const denying = (deny_rules: Clause[]) => graphql({ access: "full", deny_rules });
        expect(denying(clauses)).toBe(clauses.some((clause) => denying([clause]) === "deny") ? "deny" : "allow");
      }),
      { numRuns: 600 },
    );
  });
  test("and many of one path that differ by their query", () => {
    const query = fc.record({ q: one("1", "2", "1*", "X"), Q: one("1"), r: one("a", "*") }, { requiredKeys: [] });
    const clause = query.map((wanted): Clause => ({ method: "GET", path: "/s", query: wanted }));
    const target = fc
      .array(one("q=1", "q=2", "Q=1", "q=x", "r=a", "R=b", "q=12"), { maxLength: 4 })
      .map((parts) => `/s?${parts.join("&")}`);
    fc.assert(
      fc.property(fc.array(clause, { minLength: 5, maxLength: 15 }), target, (clauses, asked) => {
        const request = { ...CALLER, method: "GET", path: asked };
        const rest = (said: Partial<Endpoint>) => {
          const policy = policyOf({ protocol: "rest", ...said });
          expect(decide(compilePolicy(policy), request, 0)).toEqual(referenceDecide(policy, request, 0));
        };
        rest({ rules: clauses.map((allow) => ({ allow })) });
        rest({ access: "full", deny_rules: clauses });
      }),
      { numRuns: 600 },
    );
  });
});

describe("a set of patterns finds exactly those that match", () => {
  const piece = one("a", "b", "A", "/", ".", "*", "**", "?", "[ab]", "[!a]", "/**/", "**/", "é", "É");
  const patterns = fc.array(
    fc.array(piece, { maxLength: 6 }).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 40 },
  );
  const texts = fc.array(
    fc.array(one("a", "b", "A", "/", ".", "é", "É"), { maxLength: 8 }).map((parts) => parts.join("")),
    { minLength: 1, maxLength: 3 },
  );
  test("whatever the separator and case", () => {
    fc.assert(
      fc.property(
        patterns,
        texts,
        one<"/" | "." | "">("/", ".", ""),
        fc.boolean(),
        (all, asked, separator, ignoreCase) => {
          const set = new GlobSet<number>({ separator, ignoreCase });
          const valid = all.filter((pattern) => globProblem(pattern) === null);
          for (const [i, pattern] of valid.entries()) set.add(pattern, i);
          const found = set.find(asked).flatMap((leaf) => leaf.items);
          const expected = [...valid.keys()].filter((i) =>
            asked.some(compileGlob(valid[i] ?? "", { separator, ignoreCase })),
          );
          expect(found.sort((a, b) => a - b)).toEqual(expected);
        },
      ),
      { numRuns: 5_000 },
    );
  });
});
