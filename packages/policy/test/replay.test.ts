import { describe, expect, it } from "vitest";
import { createReplay, parseRecordLine, type RecordedRequest, type ReplayResult } from "../src/index.ts";
import { compiled } from "./support.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");

/** A decision record as the gateway writes it. */
function wire(fields: Partial<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    time: "2026-05-01T10:00:00.000Z",
    org: "acme",
    node: "node-1",
    sandbox: "sb-1",
    seq: 1,
    kind: "http",
    binary: { path: "/usr/bin/curl", sha256: "a".repeat(64), pid: 7, ancestors: ["/bin/bash"] },
    host: "api.example.com",
    port: 443,
    protocol: "https",
    method: "GET",
    path: "/v1/items",
    decision: "allow",
    rule: "api",
    reason: "Entry `api` gives read-only access.",
    policyDigest: "sha256:0",
    generation: 3,
    bytesIn: 1,
    bytesOut: 1,
    durationMs: 2,
    ...fields,
  };
}

function read(value: unknown): RecordedRequest | null {
  const parsed = parseRecordLine(JSON.stringify(value));
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.record;
}

const policy = (endpoints: string, extra = "", binary = "{path: /usr/bin/curl}") =>
  compiled(`version: 1\nnetwork_policies:\n  api:\n    endpoints: [${endpoints}]\n    binaries: [${binary}]\n${extra}`);
const READ = policy("{host: api.example.com, port: 443, protocol: rest, access: read-only}");
const FULL = policy("{host: api.example.com, port: 443, protocol: rest, access: full}");
const RAW = policy("{host: api.example.com, port: 443}");
const NOTHING = compiled("version: 1\nnetwork_policies: {}\n");

function replay(after: typeof READ, records: Partial<Record<string, unknown>>[], before?: typeof READ): ReplayResult {
  const run = createReplay({ after, before, nowMs: NOW });
  for (const fields of records) run.add(read(wire(fields)));
  return run.result();
}
const kindOf = (after: typeof READ, fields: Partial<Record<string, unknown>>): string => {
  const { unchanged, broken, opened, uncertain } = replay(after, [fields]);
  return unchanged === 1 ? "unchanged" : broken === 1 ? "broken" : opened === 1 ? "opened" : `uncertain ${uncertain}`;
};
const denied = { decision: "deny", rule: null, reason: "No entry names api.example.com:443." };

describe("what a version would have changed", () => {
  it("is told per request: broken, opened, unchanged", () => {
    expect(kindOf(READ, {})).toBe("unchanged");
    expect(kindOf(NOTHING, {})).toBe("broken");
    expect(kindOf(READ, { method: "POST" })).toBe("broken");
    expect(kindOf(READ, denied)).toBe("opened");
    expect(kindOf(NOTHING, denied)).toBe("unchanged");
  });

  it("judges an entry named __proto__ as any other, also where the record lacks what it asks for", () => {
    const named = compiled(
      `version: 1\nnetwork_policies:\n  __proto__:\n    endpoints: [{host: api.example.com, port: 443, protocol: rest, access: full, allowed_ips: [10.0.0.0/8]}]\n    binaries: [{path: /usr/bin/curl}]\n`,
    );
    expect(kindOf(named, {})).toBe("uncertain 1");
  });

  it("counts what monitor mode let pass as passing, so that enforcing shows what it breaks", () => {
    expect(kindOf(NOTHING, { decision: "would_deny", rule: null })).toBe("broken");
    expect(kindOf(compiled("version: 1\nmode: monitor\nnetwork_policies: {}\n"), {})).toBe("unchanged");
  });

  it("compares two versions when both are given, whatever was decided then", () => {
    expect(replay(READ, [{ method: "POST", ...denied }], FULL)).toMatchObject({ broken: 1, opened: 0 });
    expect(replay(READ, [{ method: "GET", ...denied }], FULL)).toMatchObject({ unchanged: 1 });
  });

  it("is gathered by sandbox, by rule and by shape of path, with an example that is exact", () => {
    const records = [1, 2, 3].map((n) => ({ method: "DELETE", path: `/v1/items/${n}?x=${n}`, sandbox: "sb-2" }));
    const result = replay(READ, [...records, { method: "DELETE", path: "/v1/items/7" }]);
    expect(result.bySandbox).toEqual([
      { sandbox: "sb-2", broken: 3, opened: 0, uncertain: 0 },
      { sandbox: "sb-1", broken: 1, opened: 0, uncertain: 0 },
    ]);
    expect(result.byRule).toEqual([{ rule: "api", broken: 4, opened: 0, uncertain: 0 }]);
    expect(result.groups.map((g) => [g.sandbox, g.path, g.count])).toEqual([
      ["sb-2", "/v1/items/*", 3],
      ["sb-1", "/v1/items/7", 1],
    ]);
    expect(result.groups[0]?.example).toMatchObject({ method: "DELETE", path: "/v1/items/1?x=1" });
  });

  it("judges a name that was looked up by whether the version knows it", () => {
    const dns = { kind: "dns", binary: null, port: 0, method: "A", path: null, protocol: "dns", ...denied };
    expect(kindOf(READ, dns)).toBe("opened");
    expect(kindOf(NOTHING, dns)).toBe("unchanged");
  });

  it("tells records apart by the parents of the program, where the version counts them", () => {
    const inherits = policy(
      "{host: api.example.com, port: 443, protocol: rest, access: full}",
      "",
      "{path: /usr/bin/agent, inherit: true}",
    );
    const child = (parent: string) => ({
      binary: { path: "/usr/bin/curl", sha256: null, pid: 1, ancestors: [parent] },
    });
    expect(replay(inherits, [child("/usr/bin/agent"), child("/bin/sh"), child("/usr/bin/agent")])).toMatchObject({
      unchanged: 2,
      broken: 1,
    });
  });

  it("never opens what nobody vouched for", () => {
    expect(kindOf(FULL, { binary: null, ...denied })).toBe("unchanged");
  });
});

describe("the clock of a replay", () => {
  const expiring = compiled(
    "version: 1\nnetwork_policies:\n  api:\n    expires_at: 2026-05-02T00:00:00Z\n    endpoints: [{host: api.example.com, port: 443, protocol: rest, access: full}]\n    binaries: [{path: /usr/bin/curl}]\n",
  );
  const run = (nowMs: number | "recorded") => {
    const replayed = createReplay({ after: expiring, nowMs });
    for (const time of ["2026-05-01T23:59:59Z", "2026-05-02T00:00:00Z", "2026-05-02T00:00:01+02:00"])
      replayed.add(read(wire({ time })));
    return replayed.result();
  };
  it("is one moment for all, or each record's own time to the millisecond", () => {
    expect(run(NOW)).toMatchObject({ broken: 3 });
    expect(run("recorded")).toMatchObject({ broken: 1, unchanged: 2 });
  });
  it("leaves a line without a time uncertain where time decides", () => {
    const line = { binary: "/usr/bin/curl", host: "api.example.com", port: 443, decision: "allow" };
    const recorded = createReplay({ after: expiring });
    recorded.add(read(line));
    expect(recorded.result().uncertain).toBe(1);
    const timeless = createReplay({ after: READ });
    timeless.add(read(line));
    expect(timeless.result().unchanged).toBe(1);
  });
});

describe("what a record lacks", () => {
  const graphql = policy("{host: api.example.com, port: 443, protocol: graphql, access: read-only}");
  const rule = (request: string) =>
    policy(
      `{host: api.example.com, port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/v1/**", request: ${request}}}]}`,
    );
  it("makes a judgement uncertain only where it could be either", () => {
    expect(kindOf(graphql, { method: "POST" })).toBe("uncertain 1");
    expect(kindOf(graphql, { method: "PUT" })).toBe("broken");
    expect(kindOf(graphql, { host: "other.example.com", method: "POST" })).toBe("broken");
    expect(kindOf(rule("{headers: {x-team: a}}"), {})).toBe("uncertain 1");
    expect(kindOf(rule("{headers: {x-team: a}}"), { path: "/v2" })).toBe("broken");
    expect(kindOf(rule("{max_body_bytes: 10}"), {})).toBe("uncertain 1");
  });
  it("names what is missing", () => {
    expect(replay(graphql, [{ method: "POST" }]).groups[0]?.reason).toBe(
      "The record lacks the body, which this version judges.",
    );
  });
  it("is certain where another rule allows it whatever is missing", () => {
    const both = policy(
      '{host: api.example.com, port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/v1/**", request: {headers: {x-team: a}}}}, {allow: {method: GET, path: "/v1/items"}}]}',
    );
    expect(kindOf(both, {})).toBe("unchanged");
    expect(kindOf(both, { path: "/v1/other" })).toBe("uncertain 1");
  });
  it("keeps a deny rule that may hold from being called allowed", () => {
    const guarded = policy(
      '{host: api.example.com, port: 443, protocol: rest, access: full, deny_rules: [{method: "*", path: "/v1/**", request: {headers: {x-evil: "*"}}}]}',
    );
    expect(kindOf(guarded, {})).toBe("uncertain 1");
    expect(kindOf(guarded, { path: "/v2" })).toBe("unchanged");
  });
  it("tries an endpoint in audit apart, because there a denial lets pass what its neighbour would refuse", () => {
    const audit =
      'host: api.example.com, port: 443, protocol: rest, enforcement: audit, access: full, deny_rules: [{method: "*", path: "/**", request: {headers: {x-evil: "*"}}}]';
    const narrow =
      'host: api.example.com, port: 443, protocol: rest, path: "/v1/**", rules: [{allow: {method: GET, path: "/v1/**", request: {headers: {x-team: a}}}}]';
    // With neither header the narrow endpoint speaks and denies; with x-evil the wide one only records it.
    expect(kindOf(policy(`{${audit}}, {${narrow}}`), {})).toBe("uncertain 1");
  });
  it("covers what an entry demands of every request", () => {
    const demanding = compiled(
      "version: 1\nnetwork_policies:\n  api:\n    request: {headers: {x-team: a}}\n    endpoints: [{host: api.example.com, port: 443, protocol: rest, access: full}]\n    binaries: [{path: /usr/bin/curl}]\n",
    );
    expect(kindOf(demanding, {})).toBe("uncertain 1");
  });
  it("covers digest, script and address", () => {
    const pin = (sha: string) =>
      policy("{host: api.example.com, port: 443, protocol: rest, access: full}", "", `{path: /usr/bin/curl, ${sha}}`);
    expect(kindOf(pin(`sha256: ${"a".repeat(64)}`), {})).toBe("unchanged");
    expect(kindOf(pin(`sha256: ${"b".repeat(64)}`), {})).toBe("broken");
    const noDigest = { binary: { path: "/usr/bin/curl", sha256: null, pid: 1, ancestors: [] } };
    expect(kindOf(pin(`sha256: ${"b".repeat(64)}`), noDigest)).toBe("uncertain 1");
    expect(kindOf(pin("script: /opt/tool.py"), {})).toBe("uncertain 1");
    const bound = policy(
      "{host: api.example.com, port: 443, protocol: rest, access: full, allowed_ips: [10.1.0.0/16]}",
    );
    expect(kindOf(bound, {})).toBe("uncertain 1");
    // The denial for an address names it, and so it is known.
    const reason = (ip: string) => ({
      ...denied,
      reason: `${ip} is a private address, and no allowed_ips of a matching entry covers it.`,
    });
    expect(kindOf(bound, reason("10.1.2.3"))).toBe("opened");
    expect(kindOf(bound, reason("10.2.2.3"))).toBe("unchanged");
    expect(kindOf(FULL, reason("10.1.2.3"))).toBe("unchanged");
    expect(kindOf(FULL, reason("Fd00::7"))).toBe("unchanged");
  });
  it("covers what the journal cut off", () => {
    const cut = `/${"a".repeat(4094)}…`;
    expect(cut).toHaveLength(4096);
    expect(kindOf(READ, { path: cut })).toBe("uncertain 1");
    expect(kindOf(NOTHING, { path: cut })).toBe("broken");
    expect(kindOf(RAW, { path: cut })).toBe("unchanged");
  });
  it("covers the bytes of a connection that was relayed unread", () => {
    const raw = { kind: "connect", method: null, path: null, protocol: "tcp" };
    expect(kindOf(RAW, raw)).toBe("unchanged");
    expect(kindOf(READ, raw)).toBe("uncertain 1");
    expect(kindOf(NOTHING, raw)).toBe("broken");
  });
  it("covers whether a GET opened a WebSocket, unless the record says so", () => {
    const ws = policy("{host: api.example.com, port: 443, protocol: websocket, access: read-write}");
    expect(kindOf(ws, {})).toBe("uncertain 1");
    expect(kindOf(ws, { protocol: "wss" })).toBe("unchanged");
    expect(kindOf(READ, { protocol: "wss" })).toBe("broken");
    expect(kindOf(FULL, { protocol: "wss" })).toBe("unchanged");
  });
  it("covers binary messages of a WebSocket, which only full access allows", () => {
    const socket = (access: string) =>
      policy(`{host: api.example.com, port: 443, protocol: websocket, access: ${access}}`);
    for (const method of ["WEBSOCKET_TEXT", "WEBSOCKET_BINARY"]) {
      expect(kindOf(socket("full"), { method, protocol: "wss" })).toBe("unchanged");
      expect(kindOf(socket("read-only"), { method, protocol: "wss" })).toBe("broken");
    }
    expect(kindOf(socket("read-write"), { method: "WEBSOCKET_TEXT", protocol: "wss" })).toBe("unchanged");
    expect(kindOf(socket("read-write"), { method: "WEBSOCKET_BINARY", protocol: "wss" })).toBe("broken");
  });
  it("reads the model of a call from what the gateway wrote, and guesses none", () => {
    const models = compiled("version: 1\nnetwork_policies: {}\ninference: {models: [good-*]}\n");
    const call = (reason: string, method = "POST") => ({
      kind: "inference",
      host: "inference.local",
      method,
      path: "/v1/messages",
      rule: "inference",
      reason,
    });
    const word = "The policy has no `inference` section; its sandbox may ask its model.";
    expect(kindOf(models, call(`Model good-1. ${word}`))).toBe("unchanged");
    expect(kindOf(models, call(`Model bad. ${word}`))).toBe("broken");
    expect(kindOf(models, call(word))).toBe("uncertain 1");
    // A model whose name ends like the gateway's own sentence has no single reading.
    expect(kindOf(models, call(`Model good-1. The policy x. ${word}`))).toBe("uncertain 1");
    expect(kindOf(models, call(word, "GET"))).toBe("unchanged");
  });
});
