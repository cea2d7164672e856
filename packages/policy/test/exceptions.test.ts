import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compilePolicy,
  decide,
  type EgressException,
  exceptionProblem,
  namesHost,
  type PolicyRequest,
  parsePolicy,
  planEndpoint,
  withExceptions,
} from "../src/index.ts";

const NOW = Date.parse("2026-03-01T12:00:00Z");
const HOUR = 3_600_000;

const policyOf = (text: string) => {
  const { policy, problems } = parsePolicy(`version: 1\n${text}`);
  if (policy === null) throw new Error(JSON.stringify(problems));
  return compilePolicy(policy);
};
const NOTHING = policyOf("network_policies: {}");
const READ_ONLY = policyOf(`network_policies:
  api:
    name: api
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: /** } }], deny_rules: [{ method: "*", path: /admin/** }] }
    binaries: [{ path: /usr/bin/curl }]
`);

const exception = (more: Partial<EgressException> = {}): EgressException => ({
  id: "11111111-1111-4111-8111-111111111111",
  binary: "/usr/bin/curl",
  host: "api.example.com",
  port: 443,
  method: "POST",
  path: "/items/*",
  endsAtMs: NOW + HOUR,
  once: false,
  ...more,
});
const ask = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  binary: "/usr/bin/curl",
  sha256: "a".repeat(64),
  host: "api.example.com",
  port: 443,
  method: "POST",
  path: "/items/7",
  ip: "93.184.216.34",
  ...more,
});
const RULE = `exception:${exception().id}`;

describe("an exception allows what it names and nothing beside it", () => {
  const compiled = withExceptions(NOTHING, [exception()]);
  it.each<[string, Partial<PolicyRequest>, "allow" | "deny"]>([
    ["the request", {}, "allow"],
    ["the same with a query", { path: "/items/7?x=1" }, "allow"],
    ["its connection", { method: undefined, path: undefined }, "allow"],
    ["a wider path", { path: "/items/7/parts" }, "deny"],
    ["its parent", { path: "/items" }, "deny"],
    ["a path that climbs out", { path: "/items/7/../../admin" }, "deny"],
    ["an encoded slash", { path: "/items/7%2Fparts" }, "deny"],
    ["another case", { path: "/ITEMS/7" }, "deny"],
    ["another method", { method: "DELETE" }, "deny"],
    ["a second method in a header", { headers: { "x-http-method-override": "DELETE" } }, "deny"],
    ["another program", { binary: "/usr/bin/wget" }, "deny"],
    ["a child of the program", { binary: "/usr/bin/sh", ancestors: ["/usr/bin/curl"] }, "deny"],
    ["a program with foreign code in it", { library: "/work/evil.so" }, "deny"],
    ["another host", { host: "www.example.com" }, "deny"],
    ["a name below it", { host: "x.api.example.com" }, "deny"],
    ["another port", { port: 8443 }, "deny"],
    ["an upgrade", { headers: { upgrade: "websocket" } }, "deny"],
    ["a name that turned private", { ip: "10.0.0.7" }, "deny"],
    ["a name that turned to this host", { ip: "127.0.0.1" }, "deny"],
    ["a name that turned to the metadata service", { ip: "169.254.169.254" }, "deny"],
  ])("%s", (_what, more, expected) => {
    expect(decide(compiled, ask(more), NOW).decision).toBe(expected);
  });

  it("is named as the rule, with its end in the reason", () => {
    expect(decide(compiled, ask(), NOW)).toEqual({
      decision: "allow",
      rule: RULE,
      reason: `Exception ${exception().id} allows this until 2026-03-01T13:00:00.000Z.`,
      exception: { id: exception().id, once: false },
    });
  });

  it("ends at its instant, not a millisecond later", () => {
    expect(decide(compiled, ask(), NOW + HOUR - 1).decision).toBe("allow");
    expect(decide(compiled, ask(), NOW + HOUR).decision).toBe("deny");
    expect(planEndpoint(compiled, ask(), NOW + HOUR - 1)).not.toBeNull();
    expect(planEndpoint(compiled, ask(), NOW + HOUR)).toBeNull();
  });

  it("holds for the pinned content of the program alone", () => {
    const pinned = withExceptions(NOTHING, [exception({ sha256: "b".repeat(64) })]);
    expect(decide(pinned, ask(), NOW).decision).toBe("deny");
    expect(decide(pinned, ask({ sha256: "b".repeat(64) }), NOW).decision).toBe("allow");
    expect(decide(pinned, ask({ sha256: undefined }), NOW).decision).toBe("deny");
  });

  it("lets its name be looked up, and no other", () => {
    expect(namesHost(compiled, "api.example.com", NOW)).toBe(true);
    expect(namesHost(compiled, "www.example.com", NOW)).toBe(false);
    expect(namesHost(NOTHING, "api.example.com", NOW)).toBe(false);
  });

  it("for every method on every path still lets no upgrade pass", () => {
    const wide = withExceptions(NOTHING, [exception({ method: "*", path: undefined })]);
    expect(decide(wide, ask({ method: "DELETE", path: "/x" }), NOW).decision).toBe("allow");
    expect(decide(wide, ask({ method: "GET", headers: { upgrade: "websocket" } }), NOW).decision).toBe("deny");
  });
});

describe("what the policy says stays as it is", () => {
  const wide = exception({ method: "*", path: "/**" });
  it("a deny rule holds", () => {
    const compiled = withExceptions(READ_ONLY, [wide]);
    expect(decide(compiled, ask(), NOW)).toMatchObject({ decision: "allow", rule: RULE });
    for (const path of ["/admin/x", "/ADMIN/x", "/%61dmin/x"])
      expect(decide(compiled, ask({ path }), NOW)).toMatchObject({ decision: "deny", rule: "api" });
  });
  it("a deny rule holds for a method hidden behind another one", () => {
    const compiled = withExceptions(
      policyOf(`network_policies:
  api:
    name: api
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: /** } }], deny_rules: [{ method: DELETE, path: /** }] }
    binaries: [{ path: /usr/bin/curl }]
`),
      [wide],
    );
    expect(decide(compiled, ask({ path: "/items/7?_method=DELETE" }), NOW)).toMatchObject({
      decision: "deny",
      rule: "api",
    });
  });
  it("what it allows is allowed by it", () => {
    const compiled = withExceptions(READ_ONLY, [wide]);
    expect(decide(compiled, ask({ method: "GET" }), NOW)).toMatchObject({ decision: "allow", rule: "api" });
  });
  it("conditions of an entry on the request hold", () => {
    const compiled = withExceptions(
      policyOf(`network_policies:
  api:
    name: api
    request: { headers: { x-team: red } }
    endpoints: [{ host: api.example.com, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`),
      [wide],
    );
    expect(decide(compiled, ask({ headers: { "x-team": "blue" } }), NOW).decision).toBe("deny");
  });
  it("where it judges bodies, no exception opens what is behind the path", () => {
    for (const [protocol, rules] of [
      ["mcp", "{ allow: { method: tools/call, tool: read } }"],
      ["json-rpc", "{ allow: { method: read } }"],
      ["graphql", "{ allow: { operation_type: query } }"],
    ]) {
      const compiled = withExceptions(
        policyOf(`network_policies:
  api:
    name: api
    endpoints: [{ host: api.example.com, port: 443, path: /mcp, protocol: ${protocol}, rules: [${rules}] }]
    binaries: [{ path: /usr/bin/curl }]
`),
        [wide],
      );
      expect(decide(compiled, ask({ path: "/mcp", body: "{}" }), NOW).decision).toBe("deny");
      expect(decide(compiled, ask({ path: "/other" }), NOW).decision).toBe("deny");
    }
  });
  it("a bound to addresses holds", () => {
    const compiled = withExceptions(
      policyOf(`network_policies:
  api:
    name: api
    endpoints: [{ host: api.example.com, port: 443, protocol: rest, access: full, allowed_ips: [203.0.113.0/24] }]
    binaries: [{ path: /usr/bin/curl }]
`),
      [wide],
    );
    expect(decide(compiled, ask(), NOW).decision).toBe("deny");
  });
  it("a middleware that must see the traffic and is missing stops it", () => {
    const compiled = withExceptions(
      policyOf(`network_policies: {}
network_middlewares:
  scan: { name: scan, middleware: scanner, order: 1, on_error: fail_closed, endpoints: { include: ["**.example.com"] } }
`),
      [exception()],
    );
    expect(decide(compiled, ask(), NOW).decision).toBe("deny");
  });
  it("the digest is asked of the policy, which is the same object", () => {
    expect(withExceptions(READ_ONLY, [wide]).policy).toBe(READ_ONLY.policy);
  });
  it("monitor mode lets pass what it let pass, and names no exception", () => {
    const compiled = withExceptions(policyOf("mode: monitor\nnetwork_policies: {}"), [exception()]);
    expect(decide(compiled, ask(), NOW).decision).toBe("would_deny");
  });
});

describe("one for once", () => {
  const spent = new Set<string>();
  const compiled = withExceptions(NOTHING, [exception({ once: true })], { isSpent: (id) => spent.has(id) });
  it("is for whoever used it alone, once it is used", () => {
    spent.clear();
    expect(decide(compiled, ask(), NOW)).toMatchObject({ decision: "allow", exception: { once: true } });
    spent.add(exception().id);
    expect(decide(compiled, ask(), NOW).decision).toBe("deny");
    expect(planEndpoint(compiled, ask(), NOW)).toBeNull();
    expect(decide(compiled, ask({ held: [exception().id] }), NOW).decision).toBe("allow");
    expect(decide(compiled, ask({ held: [exception().id] }), NOW + HOUR).decision).toBe("deny");
  });
  it("is kept where one that lasts would do", () => {
    spent.clear();
    const lasting = exception({ id: "22222222-2222-4222-8222-222222222222" });
    const both = withExceptions(NOTHING, [exception({ once: true }), lasting]);
    expect(decide(both, ask(), NOW).rule).toBe(`exception:${lasting.id}`);
  });
});

describe("where requests are not read", () => {
  const raw = exception({ method: undefined, path: undefined, port: 5432, host: "db.example.com" });
  it("the connection is relayed, to that place alone", () => {
    const compiled = withExceptions(NOTHING, [raw]);
    const where = { host: "db.example.com", port: 5432, method: undefined, path: undefined };
    expect(planEndpoint(compiled, ask(where), NOW)).toMatchObject({ handling: "raw", limits: null });
    expect(planEndpoint(compiled, ask({ ...where, port: 5433 }), NOW)).toBeNull();
  });
  it("one that needs reading beside it makes the connection read", () => {
    const read = exception({ id: "22222222-2222-4222-8222-222222222222", host: "db.example.com", port: 5432 });
    expect(
      planEndpoint(withExceptions(NOTHING, [raw, read]), ask({ host: "db.example.com", port: 5432 }), NOW),
    ).toMatchObject({
      handling: "inspect",
    });
  });
});

describe("an exception that could mean more than was read is none", () => {
  it.each<[string, Partial<EgressException>]>([
    ["a pattern in the host", { host: "*.example.com" }],
    ["another spelling of the host", { host: "API.example.com" }],
    ["a pattern in the program", { binary: "/usr/bin/*" }],
    ["a class in the program", { binary: "/usr/bin/[a-z]url" }],
    ["a relative program", { binary: "curl" }],
    ["a path that climbs", { binary: "/usr/bin/../bin/curl" }],
    ["no port", { port: 0 }],
    ["a path without a method", { method: undefined }],
    ["CONNECT", { method: "CONNECT" }],
    ["a method in small letters", { method: "post" }],
    ["a bad pattern", { path: "/a***" }],
    ["a path that does not begin", { path: "items/*" }],
    ["no end", { endsAtMs: Number.POSITIVE_INFINITY }],
    ["the model's name", { host: "inference.local" }],
    ["a digest that is none", { sha256: "abc" }],
  ])("%s", (_what, more) => {
    const bad = exception(more);
    expect(exceptionProblem(bad)).not.toBeNull();
    const told: string[] = [];
    const compiled = withExceptions(NOTHING, [bad], { onProblem: (_one, problem) => told.push(problem) });
    expect(told).toHaveLength(1);
    expect(compiled.exceptions).toBeNull();
  });
});

describe("for any policy and exception", () => {
  const word = fc.constantFrom("a", "b", "admin");
  const path = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => `/${words.join("/")}`);
  const pattern = fc.oneof(
    path,
    path.map((text) => `${text}/*`),
    path.map((text) => `${text}/**`),
    fc.constant("/**"),
  );
  const method = fc.constantFrom("GET", "POST", "DELETE");
  const clause = fc.record({ method: fc.oneof(method, fc.constant("*")), path: pattern });
  const host = fc.constantFrom("a.example.com", "b.example.com");
  const port = fc.constantFrom(443, 8443);
  const binary = fc.constantFrom("/usr/bin/curl", "/usr/bin/node");
  const entry = fc.record({
    host,
    port,
    binary,
    allows: fc.array(clause, { minLength: 1, maxLength: 2 }),
    denies: fc.array(clause, { maxLength: 2 }),
  });
  const build = (entries: { host: string; port: number; binary: string; allows: object[]; denies: object[] }[]) =>
    policyOf(
      `network_policies: ${JSON.stringify(
        Object.fromEntries(
          entries.map((one, index) => [
            `e${index}`,
            {
              name: `e${index}`,
              endpoints: [
                {
                  host: one.host,
                  port: one.port,
                  protocol: "rest",
                  rules: one.allows.map((allow) => ({ allow })),
                  ...(one.denies.length === 0 ? {} : { deny_rules: one.denies }),
                },
              ],
              binaries: [{ path: one.binary }],
            },
          ]),
        ),
      )}`,
    );
  it("it opens only what it names, never what a rule denies, and takes nothing away", () => {
    fc.assert(
      fc.property(
        fc.array(entry, { maxLength: 3 }),
        fc.record({ host, port, binary, method: fc.oneof(method, fc.constant("*")), path: pattern }),
        fc.record({ host, port, binary, method, path }),
        (entries, granted, asked) => {
          const policy = build(entries);
          const before = decide(policy, asked, NOW);
          const after = decide(withExceptions(policy, [exception(granted)]), asked, NOW);
          if (before.decision === "allow") {
            expect(after).toEqual(before);
            return;
          }
          const same = granted.host === asked.host && granted.port === asked.port && granted.binary === asked.binary;
          const wide = build([{ ...granted, allows: [{ method: granted.method, path: granted.path }], denies: [] }]);
          const named = same && decide(wide, asked, NOW).decision === "allow";
          const forbidden = before.reason.startsWith("Denied by ");
          expect(after.decision).toBe(named && !forbidden ? "allow" : "deny");
        },
      ),
      { numRuns: 400 },
    );
  });
});
