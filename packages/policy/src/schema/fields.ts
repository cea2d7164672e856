/** Every field a policy file may carry: OpenShell's schema version 1, and what Creel adds. */
import {
  BINARIES_PER_ENTRY_MAX,
  BODY_BYTES_MAX,
  ENDPOINTS_PER_ENTRY_MAX,
  ENTRIES_MAX,
  FILESYSTEM_PATH_CHARS_MAX,
  FILESYSTEM_PATHS_MAX,
  LIST_ITEMS_MAX,
  MIDDLEWARE_PATTERNS_MAX,
  MIDDLEWARES_MAX,
  RULES_PER_ENDPOINT_MAX,
} from "../limits.ts";
import {
  boolean,
  choice,
  field,
  integer,
  list,
  map,
  matcher,
  maybeEmpty,
  nestedMatcher,
  object,
  required,
  type Spec,
  text,
} from "./spec.ts";

const port = integer(1, 65535);
const bodyBytes = integer(0, BODY_BYTES_MAX);
const many = (of: Spec): Spec => list(of, LIST_ITEMS_MAX);
const period = choice("second", "minute", "hour", "day");

const requestMatcher = object({
  headers: field(map(matcher, 64), "Header name to glob; every header named must be present and match."),
  max_body_bytes: field(integer(0, Number.MAX_SAFE_INTEGER), "The largest request body, in bytes."),
});

const clauseFields = {
  method: field(text(256), "HTTP method, JSON-RPC or MCP method; `*` for any. GET implies HEAD."),
  path: field(text(), "Path glob: `*` stays within a segment, `**` crosses segments."),
  query: field(map(matcher, 256), "Query parameter name to glob; all values of an allowed parameter must match."),
  operation_type: field(choice("query", "mutation", "subscription", "*"), "GraphQL operation type."),
  operation_name: field(text(), "GraphQL operation name glob."),
  fields: field(many(text()), "GraphQL root field globs."),
  tool: field(matcher, "MCP tool name glob; only with `tools/call`."),
  params: field(map(nestedMatcher, 256), "MCP parameters: `name`, and `arguments` by name."),
  request: field(requestMatcher, "Headers and body size."),
};
export const clause = object(clauseFields);

const graphqlOperation = object({
  operation_type: required(choice("query", "mutation", "subscription"), "GraphQL operation type."),
  operation_name: field(text(), "GraphQL operation name."),
  fields: field(many(text()), "Root fields the stored operation selects."),
});

const endpoint = object({
  host: field(maybeEmpty, "Exact host or host glob; may be left out only with `allowed_ips`."),
  port: field(port, "TCP port."),
  ports: field(list(port, 1024, 1), "Several TCP ports; instead of `port`."),
  path: field(maybeEmpty, "Path glob that selects between endpoints sharing host and port."),
  protocol: field(
    choice("tcp", "rest", "websocket", "graphql", "mcp", "json-rpc"),
    "How traffic is inspected; omitted is not inspected.",
  ),
  tls: field(
    choice("skip", "terminate", "passthrough"),
    "`skip` relays TLS unopened; the others are deprecated and do nothing.",
  ),
  enforcement: field(
    choice("enforce", "audit"),
    "`audit` records what it would deny and lets it pass; omitted is `enforce`.",
  ),
  access: field(choice("read-only", "read-write", "full"), "A preset instead of `rules`."),
  rules: field(
    list(object({ allow: required(clause, "What is allowed.") }), RULES_PER_ENDPOINT_MAX, 1),
    "What is allowed; nothing else is.",
  ),
  deny_rules: field(list(clause, RULES_PER_ENDPOINT_MAX, 1), "What is denied even when a rule of any entry allows it."),
  allowed_ips: field(list(text(64), 256, 1), "Addresses the name may resolve to; needed for private ones."),
  allow_encoded_slash: field(boolean, "Keep `%2F` inside a path segment instead of refusing it."),
  websocket_credential_rewrite: field(boolean, "Put credentials into client text messages."),
  request_body_credential_rewrite: field(boolean, "Put credentials into request bodies."),
  allow_uninspected_credentials: field(boolean, "Permit credentials on traffic that cannot be inspected."),
  credential_signing: field(choice("sigv4", "sigv4:body", "sigv4:no_body"), "Sign requests for AWS on the way out."),
  signing_service: field(text(128), "AWS service name for signing."),
  signing_region: field(text(128), "AWS region for signing."),
  credential_binding: field(
    object({ provider: required(text(256), "Provider name.") }),
    "Binds a provider's credentials here.",
  ),
  persisted_queries: field(choice("deny", "allow_registered"), "GraphQL stored operations."),
  graphql_persisted_queries: field(map(graphqlOperation, LIST_ITEMS_MAX), "Trusted stored operations by id."),
  graphql_max_body_bytes: field(bodyBytes, "The largest GraphQL body inspected."),
  mcp: field(
    object({
      max_body_bytes: field(bodyBytes, "The largest MCP body inspected."),
      strict_tool_names: field(boolean, "Refuse tool names outside `[A-Za-z0-9_.-]{1,128}`; on by default."),
      allow_all_known_mcp_methods: field(boolean, "Known MCP methods need no rule each."),
    }),
    "MCP options.",
  ),
  json_rpc: field(
    object({ max_body_bytes: field(bodyBytes, "The largest JSON-RPC body inspected.") }),
    "JSON-RPC options.",
  ),
});

const binary = object({
  path: required(text(4096), "Absolute path or glob of the executable."),
  harness: field(boolean, "Deprecated; ignored."),
  sha256: field(text(71), "The executable's digest, 64 hex digits."),
  inherit: field(boolean, "Children of this binary count as this binary."),
  script: field(text(4096), "The script an interpreter must be running, absolute path or glob."),
});

const limits = object({
  requests: field(integer(1, Number.MAX_SAFE_INTEGER), "Requests per period."),
  bytes: field(integer(1, Number.MAX_SAFE_INTEGER), "Bytes per period, both directions."),
  per: required(period, "The period."),
});

const entry = object({
  name: field(maybeEmpty, "Name for people; the key when omitted."),
  endpoints: field(list(endpoint, ENDPOINTS_PER_ENTRY_MAX), "Where to."),
  binaries: field(list(binary, BINARIES_PER_ENTRY_MAX), "Who."),
  expires_at: field(text(64), "RFC 3339 time after which the entry no longer counts."),
  owner: field(text(256), "Who answers for the entry."),
  reason: field(text(), "Why it exists."),
  ticket: field(text(1024), "Where it was asked for."),
  limits: field(limits, "How much per period."),
  request: field(requestMatcher, "What every request of the entry must satisfy."),
});

const middleware = object({
  name: field(maybeEmpty, "Name for people."),
  middleware: required(text(256), "Which middleware."),
  order: field(integer(-2147483648, 2147483647), "Lower runs first; unique."),
  config: field({ kind: "any" }, "The middleware's own settings."),
  on_error: field(choice("fail_closed", "fail_open"), "What happens when it fails."),
  endpoints: required(
    object({
      include: required(list(text(), MIDDLEWARE_PATTERNS_MAX, 1), "Host globs it applies to."),
      exclude: field(list(text(), MIDDLEWARE_PATTERNS_MAX), "Host globs it does not apply to."),
    }),
    "Where it applies.",
  ),
});

const inference = object({
  enabled: field(boolean, "False denies the model host altogether."),
  models: field(list(text(), 256, 1), "Model name globs; omitted is any."),
  binaries: field(list(binary, BINARIES_PER_ENTRY_MAX, 1), "Who may ask; omitted is any binary of the sandbox."),
  routes: field(
    list(
      object({
        sensitivity: required(text(64), "Sensitivity of the prompt."),
        models: required(list(text(), 256, 1), "Models that may see it."),
      }),
      32,
    ),
    "Models by sensitivity.",
  ),
  budgets: field(
    list(
      object({
        tokens: field(integer(1, Number.MAX_SAFE_INTEGER), "Tokens per period."),
        usd: field({ kind: "number", min: 0 }, "Dollars per period."),
        per: required(period, "The period."),
      }),
      32,
    ),
    "What may be spent.",
  ),
  limits: field(limits, "How often."),
});

const credential = object({
  endpoints: required(
    list(
      object({
        host: required(text(), "Host or host glob."),
        port: field(port, "TCP port."),
        ports: field(list(port, 1024, 1), "Several TCP ports."),
        path: field(text(), "Path glob; omitted is any."),
      }),
      ENDPOINTS_PER_ENTRY_MAX,
      1,
    ),
    "Where the secret may go.",
  ),
});

const policyTest = object({
  name: field(text(256), "What the test guarantees."),
  request: required(
    object({
      binary: required(text(4096), "Executable path."),
      sha256: field(text(71), "Executable digest."),
      script: field(text(4096), "Script an interpreter runs."),
      ancestors: field(list(text(4096), 64), "Executable paths of the parents, nearest first."),
      host: required(text(), "Host."),
      port: required(port, "Port."),
      method: field(text(64), "Method; without it the connection is judged."),
      path: field(text(16_384), "Raw request target."),
      headers: field(map({ kind: "text", empty: true }, 256), "Headers."),
      body: field({ kind: "text", empty: true, max: BODY_BYTES_MAX }, "Body."),
      ip: field(text(64), "Resolved address."),
    }),
    "The request.",
  ),
  expect: required(choice("allow", "deny", "would_deny"), "The decision it must get."),
  rule: field(text(256), "The entry that must decide."),
});

const paths = list(text(FILESYSTEM_PATH_CHARS_MAX), FILESYSTEM_PATHS_MAX);

export const policyFile = object({
  version: field(choice(1), "Schema version; 1."),
  preset: field(
    object({ name: required(text(128), "Preset name."), description: field(text(), "What it opens.") }),
    "Marks a preset, a part of a policy.",
  ),
  mode: field(choice("enforce", "monitor"), "`monitor` records what it would deny and lets it pass."),
  monitor_until: field(text(64), "RFC 3339 time at which `monitor` becomes `enforce`."),
  filesystem_policy: field(
    object({
      include_workdir: field(boolean, "Make the working directory writable."),
      read_only: field(paths, "Readable paths."),
      read_write: field(paths, "Writable paths."),
    }),
    "What the agent may read and write; fixed at creation.",
  ),
  landlock: field(
    object({ compatibility: field(choice("best_effort", "hard_requirement"), "What a missing kernel feature does.") }),
    "Landlock; fixed at creation.",
  ),
  process: field(
    object({
      run_as_user: field({ kind: "identity" }, "`sandbox` or a number from 1."),
      run_as_group: field({ kind: "identity" }, "`sandbox` or a number from 1."),
    }),
    "Who the agent runs as; fixed at creation.",
  ),
  network_policies: field(map(entry, ENTRIES_MAX), "Who may reach what."),
  network_middlewares: field(map(middleware, MIDDLEWARES_MAX), "Middlewares by host."),
  inference: field(inference, "The model host."),
  credentials: field(map(credential, 1024), "Which secret may go where."),
  tests: field(list(policyTest, LIST_ITEMS_MAX), "Requests with the decision they must get."),
});
