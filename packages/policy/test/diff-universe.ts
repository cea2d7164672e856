/** A small world for the comparison of policies: few programs, hosts, rules, so that every request in it can be judged. */
import fc from "fast-check";
import type { PolicyRequest } from "../src/index.ts";

export const NOW_MS = Date.parse("2026-01-01T00:00:00Z");
const EXPIRIES = ["2025-06-01T00:00:00Z", "2026-06-01T00:00:00Z", "2027-01-01T00:00:00Z"];
export const TIMES = [NOW_MS, Date.parse("2026-07-01T00:00:00Z"), Date.parse("2028-01-01T00:00:00Z")];

const pathPatterns = [
  "/**",
  "/a/**",
  "/a/*",
  "/*",
  "/a/b",
  "/A/b",
  "/*/b",
  "/**/b",
  "/a/**/b",
  "/a*",
  "/a/",
  "/",
  "/[ab]/?",
  "/a%2Fb",
  "/a:b",
];
export const paths = [
  "/",
  "/a",
  "/A",
  "/a/",
  "/b",
  "/ab",
  "/a/b",
  "/A/B",
  "/A/b",
  "/a/b/",
  "/a/c",
  "/a/c/b",
  "/c/b",
  "/c/d/b",
  "/b/x",
  "/a/b/c",
  "/a%2Fb",
  "/a%2fB/",
  "/a:b",
  "/a%3Ab",
  "/x%20y",
  "/a/../b",
  "/a//b",
  "/a/%62",
  "/..",
];
const methods = ["GET", "POST", "DELETE", "*"];
const values = ["v", "v*", "*", "w?"];
const ips = ["10.0.0.0/8", "10.1.0.0/16", "192.168.1.1", "93.184.216.0/24"];

const q = (text: string) => JSON.stringify(text);
const maybe = <T>(arb: fc.Arbitrary<T>, freq = 3) => fc.option(arb, { nil: undefined, freq });

const clause = fc
  .record({
    method: fc.constantFrom(...methods),
    path: fc.constantFrom(...pathPatterns),
    query: maybe(fc.tuple(fc.constantFrom("k", "K"), fc.constantFrom(...values)), 1),
    header: maybe(fc.constantFrom(...values), 1),
    size: maybe(fc.constantFrom(5, 10), 1),
    extra: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ method, path, query, header, size, extra }) => {
    const request =
      extra !== 0
        ? ""
        : `, request: {${[header === undefined ? "" : `headers: {x-h: ${q(header)}}`, size === undefined ? "" : `max_body_bytes: ${size}`].filter((s) => s !== "").join(", ")}}`;
    const asked = query === undefined || extra > 2 ? "" : `, query: {${query[0]}: ${q(query[1])}}`;
    return `{method: ${q(method)}, path: ${q(path)}${asked}${request === ", request: {}" ? "" : request}}`;
  });

const restBody = fc
  .record({
    access: maybe(fc.constantFrom("read-only", "read-write", "full"), 1),
    rules: fc.array(clause, { minLength: 1, maxLength: 3 }),
    denies: fc.array(clause, { maxLength: 2 }),
    selector: maybe(fc.constantFrom("/a/**", "/a/b", "/**"), 1),
    slash: fc.constantFrom(false, false, true),
  })
  .map(({ access, rules, denies, selector, slash }) =>
    [
      "protocol: rest",
      access === undefined ? `rules: [${rules.map((rule) => `{allow: ${rule}}`).join(", ")}]` : `access: ${access}`,
      denies.length === 0 ? "" : `deny_rules: [${denies.join(", ")}]`,
      selector === undefined ? "" : `path: ${q(selector)}`,
      slash ? "allow_encoded_slash: true" : "",
    ]
      .filter((part) => part !== "")
      .join(", "),
  );

const socketBody = fc
  .array(fc.record({ method: fc.constantFrom("GET", "WEBSOCKET_TEXT", "*"), path: fc.constantFrom(...pathPatterns) }), {
    minLength: 1,
    maxLength: 2,
  })
  .map(
    (rules) =>
      `protocol: websocket, rules: [${rules.map(({ method, path }) => `{allow: {method: ${q(method)}, path: ${q(path)}}}`).join(", ")}]`,
  );

const tool = fc.constantFrom("t", "t*", "*", "u", "T");
const mcpClause = fc.oneof(
  fc
    .record({ tool, arg: maybe(fc.constantFrom("v", "/w/**", "*"), 1) })
    .map(
      ({ tool: name, arg }) =>
        `{method: tools/call, tool: ${q(name)}${arg === undefined ? "" : `, params: {arguments: {p: ${q(arg)}}}`}}`,
    ),
  fc.constantFrom("{method: tools/list}", "{method: initialize}", '{method: "tools/*"}'),
);
const mcpBody = fc
  .record({
    rules: fc.array(mcpClause, { minLength: 1, maxLength: 3 }),
    denies: fc.array(mcpClause, { maxLength: 2 }),
    all: fc.boolean(),
  })
  .map(
    ({ rules, denies, all }) =>
      `protocol: mcp, rules: [${rules.map((rule) => `{allow: ${rule}}`).join(", ")}]${denies.length === 0 ? "" : `, deny_rules: [${denies.join(", ")}]`}${all ? ", mcp: {allow_all_known_mcp_methods: true}" : ""}`,
  );

const graphqlClause = fc
  .record({
    type: fc.constantFrom("query", "mutation", "*"),
    name: maybe(fc.constantFrom("N", "N*"), 1),
    fields: maybe(fc.array(fc.constantFrom("f", "g", "f*", "*"), { minLength: 1, maxLength: 2 }), 1),
  })
  .map(
    ({ type, name, fields }) =>
      `{operation_type: ${q(type)}${name === undefined ? "" : `, operation_name: ${q(name)}`}${fields === undefined ? "" : `, fields: [${fields.map(q).join(", ")}]`}}`,
  );
const graphqlBody = fc
  .record({
    rules: fc.array(graphqlClause, { minLength: 1, maxLength: 2 }),
    denies: fc.array(graphqlClause, { maxLength: 1 }),
  })
  .map(
    ({ rules, denies }) =>
      `protocol: graphql, rules: [${rules.map((rule) => `{allow: ${rule}}`).join(", ")}]${denies.length === 0 ? "" : `, deny_rules: [${denies.join(", ")}]`}`,
  );

const hostArb = fc.constantFrom("a.x.test", "b.x.test", "*.x.test", "**.x.test", "b*.x.test", "10.0.0.5");
const endpointOf = (bodies: fc.Arbitrary<string>) =>
  fc
    .record({
      host: hostArb,
      ports: fc.constantFrom("[443]", "[80]", "[80, 443]"),
      body: bodies,
      allowed: maybe(fc.subarray(ips, { minLength: 1, maxLength: 2 }), 1),
      rare: fc.integer({ min: 0, max: 3 }),
    })
    .map(
      ({ host, ports, body, allowed, rare }) =>
        `{host: ${q(host)}, ports: ${ports}${body === "" ? "" : `, ${body}`}${allowed === undefined || rare !== 0 ? "" : `, allowed_ips: [${allowed.map(q).join(", ")}]`}}`,
    );
const hostless = fc
  .subarray(ips, { minLength: 1, maxLength: 2 })
  .map((list) => `{ports: [443], allowed_ips: [${list.map(q).join(", ")}]}`);

const PIN = "a".repeat(64);
const binary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom("/bin/a", "/bin/b", "/bin/*", "/opt/**/c", "/**").map((path) => `{path: ${q(path)}}`),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      `{path: /bin/a, sha256: "${PIN}"}`,
      "{path: /bin/a, inherit: true}",
      "{path: /bin/b, script: /s/x.py}",
      '{path: /bin/b, script: "/s/*"}',
      '{path: "/opt/**", inherit: true}',
    ),
  },
);

export interface World {
  bodies: fc.Arbitrary<string>;
  withHostless?: boolean;
}
const policyOf = (endpoint: fc.Arbitrary<string>) =>
  fc
    .array(
      fc.record({
        endpoints: fc.array(endpoint, { minLength: 1, maxLength: 2 }),
        binaries: fc.array(binary, { minLength: 1, maxLength: 2 }),
        expires: maybe(fc.constantFrom(...EXPIRIES), 1),
        header: maybe(fc.constantFrom(...values), 1),
        rare: fc.integer({ min: 0, max: 4 }),
      }),
      { maxLength: 3 },
    )
    .map((entries) =>
      entries.map(
        ({ endpoints, binaries, expires, header, rare }) =>
          `endpoints: [${endpoints.join(", ")}], binaries: [${binaries.join(", ")}]${expires === undefined || rare > 1 ? "" : `, expires_at: ${q(expires)}`}${header === undefined || rare !== 4 || endpoints.some((e) => !e.includes("protocol")) ? "" : `, request: {headers: {x-h: ${q(header)}}}`}`,
      ),
    );

/** Two policies that share most entries, as versions of one file do. */
export function policyPairs({ bodies, withHostless }: World): fc.Arbitrary<[string, string]> {
  const endpoint =
    withHostless === true
      ? fc.oneof({ weight: 4, arbitrary: endpointOf(bodies) }, { weight: 1, arbitrary: hostless })
      : endpointOf(bodies);
  const middleware = fc.constantFrom(
    "",
    "",
    "",
    "network_middlewares: {m: {middleware: scan, endpoints: {include: ['*.x.test'], exclude: [b.x.test]}}}\n",
  );
  return fc
    .record({
      shared: policyOf(endpoint),
      own: policyOf(endpoint),
      next: policyOf(endpoint),
      m: middleware,
      n: middleware,
    })
    .map(({ shared, own, next, m, n }) => [
      fileOf([...shared, ...own.slice(0, 1)], m),
      fileOf([...next.slice(0, 1), ...shared], n),
    ]);
}
const fileOf = (entries: readonly string[], more: string): string =>
  `version: 1\n${more}network_policies:${entries.length === 0 ? " {}" : ""}\n${entries.map((entry, i) => `  e${i}: {${entry}}`).join("\n")}\n`;

export const restWorld: World = {
  bodies: fc.oneof({ weight: 5, arbitrary: restBody }, { weight: 1, arbitrary: fc.constant("") }),
};
export const mixedWorld: World = {
  bodies: fc.oneof(
    restBody,
    socketBody,
    mcpBody,
    graphqlBody,
    fc.constant(""),
    fc.constant("protocol: tcp, ").map(() => ""),
  ),
  withHostless: true,
};
export const bodyWorld: World = { bodies: fc.oneof(mcpBody, mcpBody, graphqlBody, socketBody) };

const callers = [
  { binary: "/bin/a" },
  { binary: "/bin/a", sha256: PIN },
  { binary: "/bin/a", sha256: "b".repeat(64) },
  { binary: "/bin/b" },
  { binary: "/bin/b", script: "/s/x.py" },
  { binary: "/bin/b", script: "/s/y.py" },
  { binary: "/bin/b", script: "/t/y.py" },
  { binary: "/bin/z" },
  { binary: "/opt/c" },
  { binary: "/opt/x/y/c" },
  { binary: "/usr/q" },
  { binary: "/usr/q", ancestors: ["/bin/a"] },
  { binary: "/bin/b", ancestors: ["/x", "/opt/m"] },
];
const hosts = [
  "a.x.test",
  "b.x.test",
  "bb.x.test",
  "c.x.test",
  "d.c.x.test",
  "A.X.test.",
  "y.test",
  "10.0.0.5",
  "93.184.216.7",
];
const addresses = [
  undefined,
  undefined,
  undefined,
  "93.184.216.34",
  "8.8.8.8",
  "10.1.2.3",
  "10.9.9.9",
  "192.168.1.1",
  "192.168.1.2",
  "169.254.169.254",
];
const queries = ["", "", "", "?k=v", "?K=v", "?k=vv&k=w", "?k=w1", "?k=v&K=w1", "?k=V"];
const headerSets: Record<string, string>[] = [
  {},
  {},
  {},
  { "x-h": "v" },
  { "X-H": "vv" },
  { "x-h": "V" },
  { "x-h": "w1" },
  { upgrade: "websocket" },
  { "content-length": "7" },
  { "content-length": "70" },
  { "transfer-encoding": "chunked" },
];
const call = (method: string, params?: unknown) =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) });
const bodies = [
  undefined,
  undefined,
  "x",
  "123456789",
  call("tools/list"),
  call("initialize"),
  call("ping"),
  call("nope"),
  call("TOOLS/CALL", { name: "t" }),
  call("tools/call"),
  call("tools/call", { name: "t" }),
  call("tools/call", { name: "tt" }),
  call("tools/call", { name: "T" }),
  call("tools/call", { name: "u" }),
  call("tools/call", { name: "t u" }),
  ...["v", "V", "/w/x", "/w/x/y", "/w/../x", ["v", "q"], {}, 7].map((p) =>
    call("tools/call", { name: "t", arguments: { p } }),
  ),
  call("tools/call", { name: "t", arguments: { P: "v" } }),
  JSON.stringify({ jsonrpc: "2.0", id: 1, result: {} }),
  ...[
    "{ f }",
    "{ g }",
    "{ f g }",
    "query N { f }",
    "query NN { g h }",
    "mutation N { f }",
    "mutation M { f g }",
    "mutation { ff }",
    "subscription { f }",
  ].map((query) => JSON.stringify({ query })),
  ...["{ f }", "mutation N { f g }"].map((query) => JSON.stringify({ type: "subscribe", payload: { query } })),
  JSON.stringify({ type: "ping" }),
];

/** Requests drawn from the finite world. */
export const requests: fc.Arbitrary<PolicyRequest> = fc
  .record({
    caller: fc.constantFrom(...callers),
    host: fc.constantFrom(...hosts),
    port: fc.constantFrom(443, 443, 80, 8080),
    ip: fc.constantFrom(...addresses),
    method: fc.constantFrom(
      undefined,
      "GET",
      "GET",
      "HEAD",
      "POST",
      "POST",
      "POST",
      "DELETE",
      "OPTIONS",
      "PATCH",
      "WEBSOCKET_TEXT",
      "WEBSOCKET_BINARY",
      "get",
      "CONNECT",
    ),
    path: fc.constantFrom(...paths),
    query: fc.constantFrom(...queries),
    headers: fc.constantFrom(...headerSets),
    body: fc.constantFrom(...bodies),
  })
  .map(({ caller, ip, method, path, query, body, ...rest }) => ({
    ...caller,
    ...rest,
    ...(ip === undefined ? {} : { ip }),
    ...(method === undefined ? {} : { method }),
    path: `${path}${query}`,
    ...(body === undefined ? {} : { body }),
  }));

const modelHosts = fc.constantFrom("inference.local", "inference.local", "x.local");
const modelEndpoint = fc.oneof(
  { weight: 5, arbitrary: fc.tuple(modelHosts, fc.oneof(restBody, fc.constant("tls: skip"))) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(""), fc.constant('allowed_ips: ["10.0.0.0/8"]')) },
);
const modelEntries = fc.array(
  fc
    .record({
      endpoint: modelEndpoint,
      ports: fc.constantFrom("[443]", "[80, 8080]"),
      binary,
      expires: fc.constantFrom(
        "",
        "",
        `, expires_at: ${q(EXPIRIES[0] ?? "")}`,
        `, expires_at: ${q(EXPIRIES[1] ?? "")}`,
      ),
    })
    .map(
      ({ endpoint: [host, body], ports, binary: program, expires }) =>
        `endpoints: [{${host === "" ? "" : `host: ${q(host)}, `}ports: ${ports}, ${body}}], binaries: [${program}]${expires}`,
    ),
  { maxLength: 2 },
);
const inferenceSection = fc
  .record({
    enabled: fc.constantFrom(true, true, true, false),
    models: maybe(fc.subarray(["m", "m*", "*-x", "n"], { minLength: 1, maxLength: 2 }), 1),
    binaries: maybe(fc.array(binary, { minLength: 1, maxLength: 2 }), 1),
  })
  .map(
    ({ enabled, models, binaries }) =>
      `inference: {enabled: ${enabled}${models === undefined ? "" : `, models: [${models.map(q).join(", ")}]`}${binaries === undefined ? "" : `, binaries: [${binaries.join(", ")}]`}}\n`,
  );
const inferenceFile = fc
  .tuple(fc.oneof(fc.constant(""), inferenceSection, inferenceSection), modelEntries)
  .map(([section, entries]) => fileOf(entries, section));
/** Two ways to judge the model host. */
export const inferencePairs: fc.Arbitrary<[string, string]> = fc.tuple(inferenceFile, inferenceFile);

export const inferenceRequests: fc.Arbitrary<PolicyRequest> = fc
  .record({
    request: requests,
    host: fc.constantFrom("inference.local", "inference.local", "Inference.Local.", "x.local", "y.local"),
    model: fc.constantFrom(undefined, undefined, "m", "mm", "m-x", "z-x", "n", "N", "z", 7),
    connect: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ request, host, model, connect }) => ({
    ...request,
    host,
    ...(model === undefined ? {} : { body: JSON.stringify({ model }) }),
    ...(connect === 0 ? { method: "CONNECT" } : {}),
  }));

/** Clauses that all speak of the query, at one place: nothing else can tell the requests apart, in either version. */
const queryClause = fc
  .record({
    method: fc.constantFrom("GET", "POST", "*"),
    path: fc.constantFrom("/**", "/a", "/a/*"),
    names: fc.subarray(["k", "K", "l"], { minLength: 1, maxLength: 2 }),
    values: fc.tuple(fc.constantFrom(...values), fc.constantFrom(...values)),
  })
  .map(
    ({ method, path, names, values: [first, second] }) =>
      `{method: ${q(method)}, path: ${q(path)}, query: {${names.map((name, i) => `${name}: ${q(i === 0 ? first : second)}`).join(", ")}}}`,
  );
const queryFile = fc
  .record({
    access: maybe(fc.constantFrom("read-only", "full"), 1),
    rules: fc.array(queryClause, { minLength: 1, maxLength: 2 }),
    denies: fc.array(queryClause, { maxLength: 2 }),
  })
  .map(({ access, rules, denies }) => {
    const allowed =
      access === undefined ? `rules: [${rules.map((rule) => `{allow: ${rule}}`).join(", ")}]` : `access: ${access}`;
    const denied = denies.length === 0 ? "" : `, deny_rules: [${denies.join(", ")}]`;
    return fileOf(
      [`endpoints: [{host: a.x.test, port: 443, protocol: rest, ${allowed}${denied}}], binaries: [{path: /bin/a}]`],
      "",
    );
  });
export const queryPairs: fc.Arbitrary<[string, string]> = fc.tuple(queryFile, queryFile);
/** All requests meet the one place, so that a claim that is missing cannot hide behind those that no entry names. */
export const queryRequests: fc.Arbitrary<PolicyRequest> = fc
  .record({
    method: fc.constantFrom("GET", "HEAD", "POST", "DELETE"),
    path: fc.constantFrom("/", "/a", "/A/", "/a/b"),
    query: fc.array(
      fc
        .tuple(fc.constantFrom("k", "K", "l", "L", "m"), fc.constantFrom("v", "V", "vv", "w1", "w", "", "x"))
        .map((pair) => pair.join("=")),
      { maxLength: 3 },
    ),
  })
  .map(({ method, path, query }) => ({
    binary: "/bin/a",
    host: "a.x.test",
    port: 443,
    method,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
  }));
