/**
 * Random valid policies: every field of the schema, odd keys, texts in any script, values at their limits. `policyFiles` are objects
 * in the file's own shape (defaults sometimes spelled out, sometimes left out); `policies` are what `parsePolicy` makes of them.
 */
import fc from "fast-check";
import { type Policy, parsePolicy } from "../src/index.ts";
import { must } from "./support.ts";

/** Optional fields are there or not; `undefined` never stands in a file. */
export const partly = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[] = []) =>
  fc.record(fields, { requiredKeys: required });

/** Any text a person could type, and some that nobody should have to. */
export const oddText = fc.oneof(
  { weight: 4, arbitrary: fc.stringMatching(/^[A-Za-z][A-Za-z0-9 ,.:#'"/-]{0,30}$/) },
  { weight: 2, arbitrary: fc.string({ minLength: 1, maxLength: 20, unit: "binary" }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "true",
      "no",
      "null",
      "~",
      "1",
      "0x1f",
      "1e3",
      ".inf",
      "-",
      "- a",
      "? a",
      "a: b",
      "a #b",
      "#",
      "&a",
      "*a",
      "!t",
      "|",
      ">",
      "@x",
      "%d",
      "`x`",
      "{a}",
      "[a]",
      " lead",
      "trail ",
      "two\nlines\n",
      "tab\there",
      "\u0007",
      "\u2028",
      "\ufeffmark",
      "naïve 規則 🔒",
      "x\u0000y",
      "<<",
      "__proto__",
      "constructor",
      "y",
      "2026-01-01",
      "'",
      '"',
      "\\",
      "---",
      "...",
    ),
  },
);
export const oddKey = fc.oneof(
  { weight: 5, arbitrary: fc.stringMatching(/^[a-z][a-z0-9_-]{0,12}$/) },
  { weight: 1, arbitrary: oddText.filter((key) => key !== "<<") },
  { weight: 1, arbitrary: fc.constant("k".repeat(1200)) },
);

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/).filter((l) => !l.startsWith("xn--"));
export const hostName = fc.tuple(label, label).map(([a, b]) => `${a}.${b}.example`);
const hostPattern = fc.oneof(
  { weight: 6, arbitrary: hostName },
  { weight: 1, arbitrary: hostName.map((host) => `*.${host}`) },
  { weight: 1, arbitrary: hostName.map((host) => `**.${host}`) },
  { weight: 1, arbitrary: fc.constantFrom("bücher.example", "API.Example.COM.", "10.1.2.3", "2001:db8::1", "0x0a.1") },
);
const portFields = fc.oneof(
  fc.constantFrom(443, 80, 8443, 1, 65535).map((port) => ({ port })),
  fc.uniqueArray(fc.integer({ min: 1, max: 65535 }), { minLength: 1, maxLength: 3 }).map((ports) => ({ ports })),
);
const segment = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9_~@:=,+-]{1,8}$/),
  fc.constantFrom("*", "**", "v[0-9]", "a?c", "[!a-z]x", "%2F", "x.json", "*.git"),
);
export const pathPattern = fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const valueGlob = fc.stringMatching(/^[A-Za-z0-9 _.*:/-]{0,12}$/).filter((glob) => !glob.includes("***"));
const nameGlob = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.]{0,10}\*?$/);
export const matcher = fc.oneof(
  { weight: 3, arbitrary: valueGlob },
  { weight: 1, arbitrary: fc.array(valueGlob, { minLength: 1, maxLength: 3 }).map((any) => ({ any })) },
);
const dictionary = <T>(key: fc.Arbitrary<string>, value: fc.Arbitrary<T>, maxKeys = 3) =>
  fc.dictionary(key, value, { maxKeys, noNullPrototype: true });

const headers = dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,12}$/), matcher, 2);
export const requestMatcher = partly({ headers, max_body_bytes: fc.nat() });
const method = fc.constantFrom("GET", "POST", "delete", "PATCH", "*", "PROPFIND");
const httpClause = partly({ method, path: pathPattern, query: dictionary(oddKey, matcher), request: requestMatcher }, [
  "method",
  "path",
]);
/** A deny rule cannot speak of a body's size. */
const httpDeny = partly(
  { method, path: pathPattern, query: dictionary(oddKey, matcher), request: partly({ headers }) },
  ["method", "path"],
);
const operation = fc.constantFrom("query", "mutation", "subscription");
const graphqlClause = partly(
  {
    operation_type: fc.oneof(operation, fc.constant("*")),
    operation_name: nameGlob,
    fields: fc.array(nameGlob, { maxLength: 3 }),
  },
  ["operation_type"],
);
const socketClause = partly({ method: fc.constantFrom("GET", "WEBSOCKET_TEXT", "*"), path: pathPattern }, [
  "method",
  "path",
]);
const toolArguments: fc.Arbitrary<object> = dictionary(
  oddKey.filter((key) => key !== "any"),
  fc.oneof(matcher, dictionary(fc.constantFrom("path", "deep er", "1"), matcher, 2)),
  3,
);
const mcpClause = fc.oneof(
  fc.constantFrom("initialize", "tools/list", "tools/*").map((name) => ({ method: name })),
  partly({ method: fc.constant("tools/call"), tool: fc.oneof(nameGlob, fc.constant({ any: ["a", "b_*"] })) }, [
    "method",
  ]),
  partly({ method: fc.constant("tools/call"), params: partly({ name: nameGlob, arguments: toolArguments }) }, [
    "method",
  ]),
);
const rpcClause = fc.constantFrom("eth.call", "*", "a/b").map((name) => ({ method: name }));

const rulesOf = (clause: fc.Arbitrary<object>) => ({
  rules: fc.array(
    clause.map((allow) => ({ allow })),
    { minLength: 1, maxLength: 4 },
  ),
});
const deniesOf = (clause: fc.Arbitrary<object>) => ({ deny_rules: fc.array(clause, { minLength: 1, maxLength: 3 }) });
const allowedIps = fc.constantFrom(["10.0.0.0/8"], ["192.168.1.7", "FD12::/64"], ["8.8.8.8"]);
const common = {
  allowed_ips: allowedIps,
  allow_uninspected_credentials: fc.boolean(),
  credential_binding: oddText.map((provider) => ({ provider })),
  tls: fc.constantFrom("terminate", "passthrough"),
};
const inspected = {
  ...common,
  path: fc.oneof(pathPattern, fc.constant("")),
  enforcement: fc.constantFrom("enforce", "audit"),
  allow_encoded_slash: fc.boolean(),
};
const base = fc.tuple(hostPattern, portFields).map(([host, ports]) => ({ host, ...ports }));
const withBase = (fields: fc.Arbitrary<object>) => fc.tuple(base, fields).map(([a, b]) => ({ ...a, ...b }));
/** Either `access` or `rules`. */
const withAllowance = (clause: fc.Arbitrary<object>, fields: fc.Arbitrary<object>, deny = clause) =>
  fc
    .tuple(
      fc.oneof(
        fc.constantFrom("read-only", "read-write", "full").map((access) => ({ access })),
        fc.record(rulesOf(clause)),
      ),
      fields,
      partly(deniesOf(deny)),
    )
    .map(([allowance, rest, denies]) => ({ ...allowance, ...rest, ...denies }));

const restEndpoint = withBase(
  withAllowance(
    httpClause,
    fc.oneof(
      partly(
        {
          ...inspected,
          protocol: fc.constant("rest"),
          websocket_credential_rewrite: fc.boolean(),
          request_body_credential_rewrite: fc.boolean(),
        },
        ["protocol"],
      ),
      partly(
        {
          ...inspected,
          protocol: fc.constant("rest"),
          credential_signing: fc.constantFrom("sigv4", "sigv4:body", "sigv4:no_body"),
          signing_service: fc.constant("s3"),
          signing_region: fc.constant("eu-1"),
        },
        ["protocol", "credential_signing", "signing_service"],
      ),
    ),
    httpDeny,
  ),
);
const stored = dictionary(
  oddKey,
  partly({ operation_type: operation, operation_name: oddText, fields: fc.array(oddText, { maxLength: 2 }) }, [
    "operation_type",
  ]),
);
const graphqlFields = {
  ...inspected,
  persisted_queries: fc.constant("deny"),
  graphql_persisted_queries: stored,
  graphql_max_body_bytes: fc.integer({ min: 0, max: 65_536 }),
};
const graphqlEndpoint = withBase(
  withAllowance(graphqlClause, partly({ ...graphqlFields, protocol: fc.constant("graphql") }, ["protocol"])),
);
const socketEndpoint = withBase(
  withAllowance(
    fc.oneof(socketClause, graphqlClause),
    partly({ ...graphqlFields, protocol: fc.constant("websocket"), websocket_credential_rewrite: fc.boolean() }, [
      "protocol",
    ]),
  ),
);
const mcpEndpoint = withBase(
  fc
    .tuple(
      partly({ ...inspected, protocol: fc.constant("mcp"), ...rulesOf(mcpClause), ...deniesOf(mcpClause) }, [
        "protocol",
        "rules",
      ]),
      partly({
        max_body_bytes: fc.constant(4096),
        strict_tool_names: fc.constant(true),
        allow_all_known_mcp_methods: fc.boolean(),
      }),
    )
    .map(([endpoint, mcp]) => (Object.keys(mcp).length === 0 ? endpoint : { ...endpoint, mcp })),
);
const rpcEndpoint = withBase(
  partly(
    {
      ...inspected,
      protocol: fc.constant("json-rpc"),
      ...rulesOf(rpcClause),
      ...deniesOf(rpcClause),
      json_rpc: partly({ max_body_bytes: fc.constant(1024) }),
    },
    ["protocol", "rules"],
  ),
);
const rawEndpoint = withBase(
  fc.oneof(
    partly({ ...common, access: fc.constant("full") }),
    partly({ ...common, tls: fc.constant("skip"), enforcement: fc.constantFrom("enforce", "audit") }),
  ),
);
const tcpEndpoint = fc
  .tuple(hostName, portFields, partly({ allowed_ips: allowedIps, tls: fc.constant("skip") }))
  .map(([host, ports, more]) => ({ host, ...ports, protocol: "tcp", ...more }));
const hostlessEndpoint = fc.tuple(portFields, allowedIps).map(([ports, ips]) => ({ ...ports, allowed_ips: ips }));

export const endpoint: fc.Arbitrary<object> = fc.oneof(
  { weight: 6, arbitrary: restEndpoint },
  { weight: 2, arbitrary: graphqlEndpoint },
  { weight: 2, arbitrary: socketEndpoint },
  { weight: 3, arbitrary: mcpEndpoint },
  { weight: 1, arbitrary: rpcEndpoint },
  { weight: 2, arbitrary: rawEndpoint },
  { weight: 1, arbitrary: tcpEndpoint },
  { weight: 1, arbitrary: hostlessEndpoint },
);

const program = fc.oneof(
  fc.constantFrom("/usr/bin/curl", "/usr/bin/git", "/opt/node/bin/node", "/usr/bin/python3*", "/**", "/opt/a b/[!x]y"),
  fc.stringMatching(/^\/[A-Za-z0-9_# :'"-]{1,12}$/),
);
export const binary = partly(
  {
    path: program,
    sha256: fc.constantFrom("ab".repeat(32), `sha256:${"CD".repeat(32)}`, "12".repeat(32)),
    inherit: fc.boolean(),
    script: fc.constantFrom("/opt/tool.py", "/srv/**/x y.js"),
    harness: fc.boolean(),
  },
  ["path"],
);
const period = fc.constantFrom("second", "minute", "hour", "day");
const limits = fc.oneof(
  partly({ requests: fc.integer({ min: 1 }), bytes: fc.integer({ min: 1 }), per: period }, ["requests", "per"]),
  fc.record({ bytes: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), per: period }),
);
const time = fc.constantFrom("2026-12-31T18:00:00Z", "2030-01-01t00:00:00.5+02:00", "2020-02-29T23:59:59Z");
const entryFields = {
  name: fc.oneof(oddText, fc.constant("")),
  binaries: fc.array(binary, { maxLength: 3 }),
  expires_at: time,
  owner: oddText,
  reason: oddText,
  ticket: oddText,
  limits,
  preset: partly(
    { name: oddText, parameters: dictionary(oddKey, oddText, 2), checksum: fc.constant("0123456789abcd") },
    ["name"],
  ),
};
export const entry: fc.Arbitrary<object> = fc.oneof(
  { weight: 5, arbitrary: partly({ ...entryFields, endpoints: fc.array(endpoint, { maxLength: 3 }) }) },
  {
    weight: 1,
    arbitrary: partly({ ...entryFields, request: requestMatcher, endpoints: fc.array(restEndpoint, { maxLength: 2 }) }),
  },
);

const anything = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    oddText,
    fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e21, -0.25, ""),
    fc.array(tie("value"), { maxLength: 3 }),
    dictionary(oddKey, tie("value")),
  ),
})).value;
const middlewares = fc
  .array(
    fc.tuple(
      oddKey,
      partly(
        {
          name: fc.oneof(oddText, fc.constant("")),
          middleware: oddText,
          config: anything,
          on_error: fc.constantFrom("fail_closed", "fail_open"),
          endpoints: partly(
            {
              include: fc.array(hostPattern, { minLength: 1, maxLength: 2 }),
              exclude: fc.array(hostName, { maxLength: 2 }),
            },
            ["include"],
          ),
        },
        ["middleware", "endpoints"],
      ),
    ),
    { maxLength: 3 },
  )
  // Each has its own `order`; the first leaves it out and means 0.
  .map((pairs) => Object.fromEntries(pairs.map(([key, one], order) => [key, order === 0 ? one : { ...one, order }])));

const models = fc.array(fc.constantFrom("demo-*", "claude-*", "a/b:c", "*"), { minLength: 1, maxLength: 3 });
const inference = partly({
  enabled: fc.boolean(),
  models,
  binaries: fc.array(binary, { minLength: 1, maxLength: 2 }),
  routes: fc.array(fc.record({ sensitivity: oddText, models }), { maxLength: 2 }),
  budgets: fc.array(
    partly(
      {
        tokens: fc.integer({ min: 1 }),
        usd: fc.double({ min: 0, max: 1e25, noNaN: true }).map((n) => n + 0),
        per: period,
      },
      ["per"],
    ),
    { maxLength: 2 },
  ),
  limits,
});
const credentials = dictionary(
  oddKey,
  fc.record({
    endpoints: fc.array(
      fc
        .tuple(hostPattern, portFields, partly({ path: pathPattern }))
        .map(([host, ports, more]) => ({ host, ...ports, ...more })),
      { minLength: 1, maxLength: 2 },
    ),
  }),
  2,
);
const asked = {
  binary: oddText,
  sha256: fc.constant("ab".repeat(32)),
  script: oddText,
  library: oddText,
  ancestors: fc.array(oddText, { maxLength: 2 }),
  host: oddText,
  port: fc.integer({ min: 1, max: 65535 }),
  headers: dictionary(oddKey, oddText),
  body: fc.oneof(oddText, fc.constant("")),
  ip: oddText,
};
const policyTest = partly(
  {
    name: oddText,
    request: fc.oneof(
      partly(asked, ["binary", "host", "port"]),
      // A path says nothing without a method.
      partly({ ...asked, method: fc.constantFrom("GET", "POST"), path: oddText }, ["binary", "host", "port", "method"]),
    ),
    expect: fc.constantFrom("allow", "deny", "would_deny"),
    rule: oddText,
  },
  ["request", "expect"],
);
const sandbox = partly({
  limits: partly({
    memory_bytes: fc.integer({ min: 1_048_576 }),
    cpus: fc.constantFrom(0.25, 1, 2.5),
    connections: fc.integer({ min: 1, max: 4096 }),
    lifetime_seconds: fc.integer({ min: 1 }),
  }),
  workspace: partly({ noexec: fc.boolean(), protect: fc.subarray([".git/hooks", ".mcp.json", "a b/ü"]) }),
  devices: fc.subarray(["gpu", "/dev/dri/renderD128"]),
  nested_userns: fc.boolean(),
  writable_libraries: fc.constantFrom("deny", "allow"),
  on_invalid_policy: fc.constantFrom("keep", "quarantine"),
});
const folder = fc.constantFrom("/usr", "/lib/", "/sandbox/my work", "/opt//x", "/tmp", "/ätzend");
const identity = fc.constantFrom<string | number>("sandbox", 1000, "1000", "");
const monitor = fc.oneof(
  { weight: 3, arbitrary: partly({ mode: fc.constantFrom("enforce", "monitor") }) },
  { weight: 1, arbitrary: time.map((until) => ({ mode: "monitor", monitor_until: until })) },
);

/** An object in the file's own shape that `parsePolicy` accepts as JSON or YAML. */
export const policyFiles: fc.Arbitrary<Record<string, unknown>> = fc
  .tuple(
    monitor,
    partly({
      preset: partly({ name: oddText, description: oddText }, ["name"]),
      filesystem_policy: partly({
        include_workdir: fc.boolean(),
        read_only: fc.array(folder, { maxLength: 3 }),
        read_write: fc.array(folder, { maxLength: 3 }),
      }),
      landlock: partly({ compatibility: fc.constantFrom("best_effort", "hard_requirement") }),
      process: partly({
        run_as_user: identity.filter((id) => id !== ""),
        run_as_group: identity.filter((id) => id !== ""),
      }),
      sandbox,
      network_policies: dictionary(oddKey, entry, 4),
      network_middlewares: middlewares,
      inference,
      credentials,
      tests: fc.array(policyTest, { maxLength: 2 }),
    }),
  )
  .map(([mode, rest]) => ({ version: 1, ...mode, ...rest }));

/** JSON is YAML; what cannot be seen is only accepted as an escape. */
export const asYaml = (file: object): string =>
  JSON.stringify(file).replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

export const policies: fc.Arbitrary<Policy> = policyFiles.map((file) => must(parsePolicy(asYaml(file))));
