/** A judgement of a record is certain only if it holds however the missing parts are filled in. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compilePolicy,
  createReplay,
  decide,
  type PolicyRequest,
  parsePolicy,
  type RecordedRequest,
} from "../src/index.ts";
import { must } from "./support.ts";

/** Enough to find each mistake that was once put in by hand; more were run before it was committed. */
const RUNS = 150;
const TIMEOUT_MS = 240_000;
const SHA = ["a".repeat(64), "b".repeat(64)];
const request = fc.constantFrom(
  "",
  "request: {headers: {x-team: red}}",
  "request: {headers: {x-team: r*}, max_body_bytes: 10}",
  "request: {max_body_bytes: 10}",
);
const join = (...parts: string[]): string => parts.filter((part) => part !== "").join(", ");
const clause = fc
  .record({ method: fc.constantFrom("GET", "POST", '"*"'), path: fc.constantFrom("/a", "/a/**", "/**"), request })
  .map(({ method, path, request: matcher }) => `{${join(`method: ${method}`, `path: "${path}"`, matcher)}}`);
const rest = fc
  .record({
    allow: fc.oneof(
      fc.constantFrom("access: full", "access: read-only"),
      fc
        .array(clause, { minLength: 1, maxLength: 2 })
        .map((c) => `rules: [${c.map((one) => `{allow: ${one}}`).join(", ")}]`),
    ),
    deny: fc.array(clause, { maxLength: 1 }),
    protocol: fc.constantFrom("rest", "rest", "rest", "websocket"),
  })
  .map(({ allow, deny, protocol }) =>
    join(
      `protocol: ${protocol}`,
      // The methods of a WebSocket are fewer.
      protocol === "websocket" ? allow.replaceAll("method: POST", "method: GET") : allow,
      deny.length === 0
        ? ""
        : `deny_rules: [${protocol === "websocket" ? deny.join(", ").replaceAll("method: POST", "method: GET") : deny.join(", ")}]`,
    ),
  );
const deeper = fc.constantFrom(
  "protocol: graphql, access: read-only",
  "protocol: graphql, access: full, deny_rules: [{operation_type: mutation}]",
  "protocol: mcp, rules: [{allow: {method: tools/call, tool: good}}]",
  "protocol: json-rpc, rules: [{allow: {method: good}}]",
  "protocol: tcp",
  "",
);
const endpoint = fc
  .record({
    what: fc.oneof({ weight: 3, arbitrary: rest }, { weight: 2, arbitrary: deeper }),
    selector: fc.constantFrom("", "", 'path: "/a/**"'),
    enforcement: fc.constantFrom("", "", "enforcement: audit"),
    ips: fc.constantFrom("", "", "allowed_ips: [10.1.0.0/16]", "allowed_ips: [10.2.0.0/16, 93.184.216.34]"),
  })
  .map(({ what, selector, enforcement, ips }) => {
    const raw = what === "" || what === "protocol: tcp";
    return `{${join("host: h.example.com", "port: 443", what, raw ? "" : selector, raw ? "" : enforcement, ips)}}`;
  });
const binary = fc.constantFrom(
  "{path: /usr/bin/p}",
  "{path: /usr/bin/p}",
  `{path: /usr/bin/p, sha256: ${SHA[0]}}`,
  "{path: /usr/bin/p, script: /s1}",
  "{path: /usr/bin/parent, inherit: true}",
  `{path: "/usr/bin/*", sha256: ${SHA[1]}, script: "/s*"}`,
);
const entry = fc.record({
  endpoints: fc.array(endpoint, { minLength: 1, maxLength: 2 }),
  binaries: fc.array(binary, { minLength: 1, maxLength: 2 }),
  request,
});
const policy = fc
  .record({
    entries: fc.array(entry, { minLength: 1, maxLength: 3 }),
    mode: fc.constantFrom("", "", "mode: monitor\n"),
  })
  .map(({ entries, mode }) =>
    [
      `version: 1\n${mode}network_policies:\n`,
      ...entries.map((one, i) => {
        const read = one.endpoints.every((text) => /protocol: (?!tcp)/.test(text));
        return `  e${i}: {${join(`endpoints: [${one.endpoints.join(", ")}]`, `binaries: [${one.binaries.join(", ")}]`, read ? one.request : "")}}\n`;
      }),
    ].join(""),
  )
  .map((yaml) => ({ yaml, parsed: parsePolicy(yaml) }))
  .filter(({ parsed }) => parsed.policy !== null);

const BODIES = [
  '{"query":"{ a }"}',
  '{"query":"mutation { a }"}',
  '{"jsonrpc":"2.0","method":"good"}',
  '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"good"}}',
  '{"jsonrpc":"2.0","method":"bad"}',
  "",
  "x",
  "a longer text than ten",
];
const whole: fc.Arbitrary<PolicyRequest> = fc.record(
  {
    binary: fc.constant("/usr/bin/p"),
    sha256: fc.constantFrom(...SHA),
    script: fc.constantFrom("/s1", "/s2", "/other"),
    ancestors: fc.constantFrom([], ["/usr/bin/parent"]),
    host: fc.constant("h.example.com"),
    port: fc.constant(443),
    method: fc.constantFrom("GET", "POST", "PUT", "DELETE", "WEBSOCKET_TEXT", "WEBSOCKET_BINARY"),
    path: fc.constantFrom("/a", "/a/b", "/b", "/a/b?query={a}", "/a%2Fb"),
    headers: fc.constantFrom<Record<string, string>>(
      {},
      { "x-team": "red" },
      { "x-team": "rose", "content-length": "4" },
      { "x-team": "red", upgrade: "websocket" },
      { upgrade: "websocket" },
    ),
    body: fc.constantFrom(...BODIES),
    ip: fc.constantFrom("10.1.0.9", "10.2.0.9", "93.184.216.34", "93.184.216.99"),
  },
  { requiredKeys: ["binary", "host", "port"] },
);

const verdict = (compiled: ReturnType<typeof compilePolicy>, record: RecordedRequest): boolean | null => {
  const run = createReplay({ after: compiled, nowMs: 0 });
  run.add(record);
  const result = run.result();
  // The record says it passed, so what is unchanged passes.
  return result.unchanged === 1 ? true : result.broken === 1 ? false : null;
};

const asRecord = (full: PolicyRequest, kept: { sha: boolean; ip: boolean; script: boolean }): RecordedRequest => ({
  time: "2026-05-01T00:00:00Z",
  sandbox: "s",
  kind: null,
  binary: {
    path: full.binary,
    sha256: kept.sha ? full.sha256 : null,
    script: kept.script ? full.script : null,
    ancestors: full.ancestors,
  },
  host: full.host,
  port: full.port,
  method: full.method,
  path: full.method === undefined ? undefined : full.path,
  ip: kept.ip ? full.ip : undefined,
  decision: "allow",
  rule: null,
});

describe("a record that lacks headers, body, digest, script or address", () => {
  it(
    "is judged as every whole request behind it would be, or uncertain",
    () => {
      let certain = 0;
      let uncertain = 0;
      fc.assert(
        fc.property(
          policy,
          fc.array(whole, { minLength: 12, maxLength: 12 }),
          fc.record({ sha: fc.boolean(), ip: fc.boolean(), script: fc.boolean() }),
          ({ yaml, parsed }, requests, kept) => {
            const compiled = compilePolicy(must(parsed));
            for (const full of requests) {
              const { method, path } = full;
              if ((method === undefined) !== (path === undefined)) continue;
              // What a replay takes for granted: only POST and messages carry a body.
              const bodiless = method !== "POST" && method !== "WEBSOCKET_TEXT";
              const hasBody = (full.body ?? "") !== "" || full.headers?.["content-length"] !== undefined;
              if (bodiless && hasBody) continue;
              const upgrades = full.headers !== undefined && full.headers.upgrade !== undefined;
              const speaksWebSocket = yaml.includes("websocket");
              if (upgrades && (method !== "GET" || !speaksWebSocket || yaml.includes("protocol: rest"))) continue;
              // An address that nobody recorded counts as public unless the version binds itself to addresses.
              const bound = yaml.includes("allowed_ips");
              if (!kept.ip && !bound && full.ip?.startsWith("10.") === true) continue;
              const judged = verdict(compiled, asRecord(full, kept));
              if (judged === null) uncertain++;
              else {
                certain++;
                const truth = decide(compiled, full, 0);
                expect({ judged, yaml, full }).toEqual({ judged: truth.decision !== "deny", yaml, full });
              }
            }
          },
        ),
        { numRuns: RUNS },
      );
      // The property says nothing if everything is uncertain.
      expect(certain).toBeGreaterThan(uncertain / 2);
      expect(uncertain).toBeGreaterThan(100);
    },
    TIMEOUT_MS,
  );
});
