/** Every field a policy file may carry: OpenShell's schema version 1, and what Creel adds. */
import {
  BINARIES_PER_ENTRY_MAX,
  BODY_BYTES_DEFAULT,
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
import { sandboxLimits, sandboxSection } from "./sandbox-fields.ts";
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
/** Bodies that are judged are held whole until they are. */
const bodyDefault = { default: String(BODY_BYTES_DEFAULT) };
const off = { default: "false" };
const own = { own: true };

const requestMatcher = object({
  headers: field(
    map(matcher, 64),
    "Header name to value glob; every header named must be there and all its values match.",
  ),
  max_body_bytes: field(integer(0, Number.MAX_SAFE_INTEGER), "The largest request body, in bytes."),
});

export const clause = object({
  method: field(text(256), "HTTP, WebSocket, JSON-RPC or MCP method; `*` for any. GET includes HEAD."),
  path: field(text(), "Path glob, without the query: `*` stays within a segment, `**` crosses segments."),
  query: field(
    map(matcher, 256),
    "Query parameter to value glob. An allowed parameter must be there and all its values match; of a denied one a single value suffices.",
  ),
  operation_type: field(choice("query", "mutation", "subscription", "*"), "GraphQL operation type."),
  operation_name: field(text(), "GraphQL operation name glob; the client chooses the name, so `fields` is what holds."),
  fields: field(
    many(text()),
    "GraphQL root field globs; every root field of an allowed operation must match one, of a denied one a single field suffices.",
  ),
  tool: field(matcher, "MCP tool name glob; only with `tools/call`."),
  params: field(
    map(nestedMatcher, 256),
    "MCP parameters: `name` as in OpenShell, and as Creel's own `arguments`, a map from argument to value glob.",
  ),
  request: field(requestMatcher, "Headers and body size that the request must have.", own),
});

const graphqlOperation = object({
  operation_type: required(choice("query", "mutation", "subscription"), "GraphQL operation type."),
  operation_name: field(text(), "GraphQL operation name."),
  fields: field(many(text()), "Root fields that the stored operation selects."),
});

const endpoint = object({
  host: field(maybeEmpty, "Exact host, IP address or host glob; may be left out only beside `allowed_ips`."),
  port: field(port, "TCP port; this or `ports`."),
  ports: field(list(port, 1024, 1), "Several TCP ports, instead of `port`."),
  path: field(
    maybeEmpty,
    "Path glob that selects between endpoints sharing host and port; the longest that covers a request speaks.",
    {
      default: "every path",
    },
  ),
  protocol: field(
    choice("tcp", "rest", "websocket", "graphql", "mcp", "json-rpc"),
    "How the traffic is judged; `tcp` and nothing relay bytes without looking into them.",
    { default: "not inspected" },
  ),
  tls: field(
    choice("skip", "terminate", "passthrough"),
    "`skip` relays TLS unopened; the other two are OpenShell's deprecated words and do nothing.",
    { default: "opened where a protocol is judged" },
  ),
  enforcement: field(choice("enforce", "audit"), "`audit` records what it would deny and lets it pass.", {
    default: "enforce",
  }),
  access: field(
    choice("read-only", "read-write", "full"),
    "A preset instead of `rules`; not under mcp and json-rpc, where HTTP methods say nothing.",
  ),
  rules: field(
    list(object({ allow: required(clause, "What is allowed.") }), RULES_PER_ENDPOINT_MAX, 1),
    "What is allowed; nothing else is. Instead of `access`.",
  ),
  deny_rules: field(
    list(clause, RULES_PER_ENDPOINT_MAX, 1),
    "What is denied even where a rule of any entry allows it; holds in every reading of case, slash and encoding.",
  ),
  allowed_ips: field(
    list(text(64), 256, 1),
    "Addresses or CIDR ranges the name may resolve to, and no other; needed for private ones.",
    { default: "every public address" },
  ),
  allow_encoded_slash: field(boolean, "Keep `%2F` inside a path segment instead of refusing the request.", off),
  websocket_credential_rewrite: field(
    boolean,
    "Put credentials in place of their placeholders in client text messages.",
    off,
  ),
  request_body_credential_rewrite: field(
    boolean,
    "Put credentials in place of their placeholders in request bodies.",
    off,
  ),
  allow_uninspected_credentials: field(boolean, "Permit credentials on traffic that is not inspected.", off),
  credential_signing: field(
    choice("sigv4", "sigv4:body", "sigv4:no_body"),
    "Sign requests for AWS on the way out; needs `signing_service`.",
  ),
  signing_service: field(text(128), "AWS service name for signing."),
  signing_region: field(text(128), "AWS region for signing."),
  credential_binding: field(
    object({ provider: required(text(256), "Provider name.") }),
    "Binds a provider's credentials to this endpoint.",
  ),
  persisted_queries: field(
    choice("deny", "allow_registered"),
    "What happens to GraphQL operations sent only by their id.",
    {
      default: "deny",
    },
  ),
  graphql_persisted_queries: field(
    map(graphqlOperation, LIST_ITEMS_MAX),
    "The stored operations that are trusted, by id.",
  ),
  graphql_max_body_bytes: field(
    bodyBytes,
    "The largest GraphQL body that is judged; a larger one is denied.",
    bodyDefault,
  ),
  mcp: field(
    object({
      max_body_bytes: field(bodyBytes, "The largest MCP body that is judged; a larger one is denied.", bodyDefault),
      strict_tool_names: field(boolean, "Refuse tool names outside `[A-Za-z0-9_.-]{1,128}`.", { default: "true" }),
      allow_all_known_mcp_methods: field(boolean, "Known MCP methods need no rule each.", off),
    }),
    "Options of protocol mcp.",
  ),
  json_rpc: field(
    object({
      max_body_bytes: field(
        bodyBytes,
        "The largest JSON-RPC body that is judged; a larger one is denied.",
        bodyDefault,
      ),
    }),
    "Options of protocol json-rpc.",
  ),
});

const binary = object({
  path: required(text(4096), "Absolute path or path glob of the executable, as the kernel reports it."),
  harness: field(boolean, "Deprecated in OpenShell; ignored with a warning."),
  sha256: field(text(71), "The executable's digest, 64 hex digits; another file at the same path does not count.", own),
  inherit: field(boolean, "Programs that this one starts count as this one.", { ...off, ...own }),
  script: field(
    text(4096),
    "The script that an interpreter must be running, absolute path or path glob; nodes do not report scripts yet, so there nothing matches.",
    own,
  ),
});

const limits = object({
  requests: field(integer(1, Number.MAX_SAFE_INTEGER), "Requests per period."),
  bytes: field(integer(1, Number.MAX_SAFE_INTEGER), "Bytes per period, both directions together."),
  per: required(period, "The period."),
});

const entry = object({
  name: field(maybeEmpty, "Name for people.", { default: "the key" }),
  endpoints: field(list(endpoint, ENDPOINTS_PER_ENTRY_MAX), "Where to."),
  binaries: field(list(binary, BINARIES_PER_ENTRY_MAX), "Who; each of them gets each endpoint of the entry."),
  expires_at: field(text(64), "RFC 3339 time after which the entry no longer counts.", own),
  owner: field(text(256), "Who answers for the entry.", own),
  reason: field(text(), "Why it exists.", own),
  ticket: field(text(1024), "Where it was asked for.", own),
  limits: field(limits, "How much per period; counted by the gateway.", own),
  request: field(requestMatcher, "What every request of the entry must have.", own),
  preset: field(
    object({
      name: required(text(128), "The preset's name."),
      parameters: field(map(text(), 32), "What it was applied with."),
      checksum: field(text(64), "Of the entry as the preset gave it: shows whether a person has changed it since."),
    }),
    "Which preset the entry came from.",
    own,
  ),
});

const middleware = object({
  name: field(maybeEmpty, "Name for people.", { default: "the key" }),
  middleware: required(text(256), "Which middleware."),
  order: field(integer(-2147483648, 2147483647), "Lower runs first; no two are the same.", { default: "0" }),
  config: field({ kind: "any" }, "The middleware's own settings."),
  on_error: field(
    choice("fail_closed", "fail_open"),
    "What happens where it fails or cannot run: `fail_closed` denies what it covers.",
    { default: "fail_closed" },
  ),
  endpoints: required(
    object({
      include: required(list(text(), MIDDLEWARE_PATTERNS_MAX, 1), "Host globs it applies to."),
      exclude: field(list(text(), MIDDLEWARE_PATTERNS_MAX), "Host globs it does not apply to."),
    }),
    "Where it applies.",
  ),
});

const inference = object({
  enabled: field(boolean, "`false` denies the model host altogether.", { default: "true" }),
  models: field(list(text(), 256, 1), "Model name globs.", { default: "any model" }),
  binaries: field(list(binary, BINARIES_PER_ENTRY_MAX, 1), "Who may ask.", { default: "any program of the sandbox" }),
  routes: field(
    list(
      object({
        sensitivity: required(text(64), "Sensitivity of the prompt."),
        models: required(list(text(), 256, 1), "Model name globs that may see it."),
      }),
      32,
    ),
    "Models by the sensitivity of what is asked.",
  ),
  budgets: field(
    list(
      object({
        tokens: field(integer(1, Number.MAX_SAFE_INTEGER), "Tokens per period."),
        usd: field({ kind: "number", min: 0 }, "US dollars per period."),
        per: required(period, "The period."),
      }),
      32,
    ),
    "What may be spent.",
  ),
  limits: field(limits, "How often and how much."),
});

const credential = object({
  endpoints: required(
    list(
      object({
        host: required(text(), "Host or host glob."),
        port: field(port, "TCP port; this or `ports`."),
        ports: field(list(port, 1024, 1), "Several TCP ports, instead of `port`."),
        path: field(text(), "Path glob.", { default: "every path" }),
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
      script: field(text(4096), "Script that an interpreter runs."),
      library: field(text(4096), "A library that the agent can write and the program has loaded."),
      ancestors: field(list(text(4096), 64), "Executable paths of the parents, nearest first."),
      host: required(text(), "Host."),
      port: required(port, "Port."),
      method: field(text(64), "Method; without it the connection is judged."),
      path: field(text(16_384), "Raw request target, query included."),
      headers: field(map({ kind: "text", empty: true }, 256), "Headers by name."),
      body: field({ kind: "text", empty: true, max: BODY_BYTES_MAX }, "Body."),
      ip: field(text(64), "The address that the host resolved to."),
    }),
    "The request that is judged.",
  ),
  expect: required(choice("allow", "deny", "would_deny"), "The decision it must get."),
  rule: field(text(256), "The entry that must decide.", { default: "any entry" }),
});

const paths = list(text(FILESYSTEM_PATH_CHARS_MAX), FILESYSTEM_PATHS_MAX);
const filesystem = object({
  include_workdir: field(boolean, "Make the working directory writable.", off),
  read_only: field(paths, "Absolute paths the agent may read."),
  read_write: field(paths, "Absolute paths the agent may read and write; never `/`."),
});
const landlock = object({
  compatibility: field(
    choice("best_effort", "hard_requirement"),
    "What a missing kernel feature does: `hard_requirement` refuses to start.",
    { default: "best_effort" },
  ),
});
const processSection = object({
  run_as_user: field({ kind: "identity" }, "`sandbox`, or a number from 1; never root."),
  run_as_group: field({ kind: "identity" }, "`sandbox`, or a number from 1; never root."),
});
const preset = object({
  name: required(text(128), "Preset name."),
  description: field(text(), "What it opens."),
});

export const policyFile = object({
  version: field(choice(1), "Schema version; `1`. Only a preset may leave it out."),
  preset: field(preset, "Marks the file as a preset, a named part of a policy, as NemoClaw writes them.", own),
  mode: field(choice("enforce", "monitor"), "`monitor` records what it would deny and lets it pass.", {
    default: "enforce",
    ...own,
  }),
  monitor_until: field(text(64), "RFC 3339 time at which `monitor` becomes `enforce` by itself.", own),
  filesystem_policy: field(filesystem, "What the agent may read and write.", { fixed: true }),
  landlock: field(landlock, "How strictly the kernel must hold files and sockets.", { fixed: true }),
  process: field(processSection, "Who the agent runs as.", { fixed: true }),
  sandbox: field(sandboxSection, "What the sandbox may use of its host, and what it is made of.", own),
  network_policies: field(map(entry, ENTRIES_MAX), "Who may reach what, by entry; nothing else is allowed."),
  network_middlewares: field(map(middleware, MIDDLEWARES_MAX), "What sees the traffic on its way, by host."),
  inference: field(inference, "Who may ask which model.", own),
  credentials: field(map(credential, 1024), "Which secret may go where, by the secret's name.", own),
  tests: field(list(policyTest, LIST_ITEMS_MAX), "Requests with the decision they must get.", own),
});

/** The shapes that have a name of their own in the JSON Schema and a section in the reference, in the order of reading. */
export const namedShapes: readonly { name: string; title: string; spec: Spec }[] = [
  { name: "filesystem", title: "filesystem_policy", spec: filesystem },
  { name: "landlock", title: "landlock", spec: landlock },
  { name: "process", title: "process", spec: processSection },
  { name: "sandbox", title: "sandbox", spec: sandboxSection },
  { name: "sandboxLimits", title: "Limits of a sandbox", spec: sandboxLimits },
  { name: "entry", title: "Entries of network_policies", spec: entry },
  { name: "binary", title: "Programs", spec: binary },
  { name: "endpoint", title: "Endpoints", spec: endpoint },
  { name: "clause", title: "Rules", spec: clause },
  { name: "request", title: "Request conditions", spec: requestMatcher },
  { name: "graphqlOperation", title: "Stored GraphQL operations", spec: graphqlOperation },
  { name: "limits", title: "Limits", spec: limits },
  { name: "middleware", title: "Entries of network_middlewares", spec: middleware },
  { name: "inference", title: "inference", spec: inference },
  { name: "credential", title: "Entries of credentials", spec: credential },
  { name: "test", title: "Tests", spec: policyTest },
  { name: "preset", title: "preset", spec: preset },
];
