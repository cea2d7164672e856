/**
 * The policy after parsing: the file's own shape and words, with hosts canonical and defaults filled in,
 * so that one vocabulary serves file, digest, diff and documentation.
 */
import type { PolicyMode, PolicyRequest } from "./types.ts";

export type Protocol = "tcp" | "rest" | "websocket" | "graphql" | "mcp" | "json-rpc";
export type Access = "read-only" | "read-write" | "full";
export type Enforcement = "enforce" | "audit";

/** A glob, or several of which one must match. */
export type Matcher = string | { any: string[] };
/** Nested matchers for MCP tool arguments: `arguments: {path: "/workspace/**"}`. */
export type ParamMatcher = Matcher | { [key: string]: ParamMatcher };

export interface RequestMatcher {
  headers?: Record<string, Matcher> | undefined;
  max_body_bytes?: number | undefined;
}

/** One allow or deny clause; which fields may stand together depends on the endpoint's protocol. */
export interface Clause {
  method?: string | undefined;
  path?: string | undefined;
  query?: Record<string, Matcher> | undefined;
  operation_type?: "query" | "mutation" | "subscription" | "*" | undefined;
  operation_name?: string | undefined;
  fields?: string[] | undefined;
  tool?: Matcher | undefined;
  params?: Record<string, ParamMatcher> | undefined;
  request?: RequestMatcher | undefined;
}

export interface GraphqlOperation {
  operation_type: "query" | "mutation" | "subscription";
  operation_name?: string | undefined;
  fields?: string[] | undefined;
}

export interface Endpoint {
  /** Canonical host or host glob; empty only with `allowed_ips`. */
  host: string;
  ports: number[];
  path?: string | undefined;
  protocol?: Protocol | undefined;
  tls?: "skip" | undefined;
  enforcement: Enforcement;
  access?: Access | undefined;
  rules?: { allow: Clause }[] | undefined;
  deny_rules?: Clause[] | undefined;
  allowed_ips?: string[] | undefined;
  allow_encoded_slash?: boolean | undefined;
  websocket_credential_rewrite?: boolean | undefined;
  request_body_credential_rewrite?: boolean | undefined;
  allow_uninspected_credentials?: boolean | undefined;
  credential_signing?: string | undefined;
  signing_service?: string | undefined;
  signing_region?: string | undefined;
  credential_binding?: { provider: string } | undefined;
  persisted_queries?: "deny" | "allow_registered" | undefined;
  graphql_persisted_queries?: Record<string, GraphqlOperation> | undefined;
  graphql_max_body_bytes?: number | undefined;
  mcp?:
    | {
        max_body_bytes?: number | undefined;
        strict_tool_names?: boolean | undefined;
        allow_all_known_mcp_methods?: boolean | undefined;
      }
    | undefined;
  json_rpc?: { max_body_bytes?: number | undefined } | undefined;
}

export interface Binary {
  path: string;
  sha256?: string | undefined;
  /** Children of this binary count as this binary. */
  inherit?: boolean | undefined;
  /** The script an interpreter must be running. */
  script?: string | undefined;
}

export interface EntryLimits {
  requests?: number | undefined;
  bytes?: number | undefined;
  per: "second" | "minute" | "hour" | "day";
}

export interface PolicyEntry {
  name: string;
  endpoints: Endpoint[];
  binaries: Binary[];
  expires_at?: string | undefined;
  owner?: string | undefined;
  reason?: string | undefined;
  ticket?: string | undefined;
  limits?: EntryLimits | undefined;
  request?: RequestMatcher | undefined;
  /** The preset it came from; says nothing about what is allowed. */
  preset?: { name: string; parameters?: Record<string, string> | undefined; checksum?: string | undefined } | undefined;
}

export interface Middleware {
  name: string;
  middleware: string;
  order: number;
  config?: unknown;
  on_error: "fail_closed" | "fail_open";
  endpoints: { include: string[]; exclude?: string[] | undefined };
}

export interface InferenceSection {
  enabled: boolean;
  /** Globs of allowed model names; omitted means any. */
  models?: string[] | undefined;
  /** Who may ask; omitted means any binary of the sandbox. */
  binaries?: Binary[] | undefined;
  routes?: { sensitivity: string; models: string[] }[] | undefined;
  budgets?: { tokens?: number | undefined; usd?: number | undefined; per: EntryLimits["per"] }[] | undefined;
  limits?: EntryLimits | undefined;
}

export interface CredentialTarget {
  host: string;
  ports: number[];
  path?: string | undefined;
}
export interface Credential {
  endpoints: CredentialTarget[];
}

export interface PolicyTest {
  name?: string | undefined;
  request: PolicyRequest;
  expect: "allow" | "deny" | "would_deny";
  rule?: string | undefined;
}

/** What a sandbox may use of its host; each bound is one sandbox's own. */
export interface SandboxLimits {
  memory_bytes?: number | undefined;
  processes?: number | undefined;
  /** Cores, fractions allowed. */
  cpus?: number | undefined;
  open_files?: number | undefined;
  tmp_bytes?: number | undefined;
  workspace_bytes?: number | undefined;
  workspace_files?: number | undefined;
  /** Open network connections at one time. */
  connections?: number | undefined;
  bytes_per_second?: number | undefined;
  requests_per_minute?: number | undefined;
  /** The sandbox ends this long after its start. */
  lifetime_seconds?: number | undefined;
  /** The sandbox ends when for this long it neither wrote, nor asked anything of the network, nor waited for an answer. */
  idle_seconds?: number | undefined;
}

/** The sandbox itself. Bounds of traffic, `writable_libraries` and `on_invalid_policy` take effect at the next reload, the rest at its next start. */
export interface SandboxSection {
  limits?: SandboxLimits | undefined;
  workspace?:
    | {
        /** Nothing in a writable place can be executed. */
        noexec?: boolean | undefined;
        /** Names in the workspace, relative to it, that the agent cannot create or change; omitted means the built-in list, and none on a node of a fleet. */
        protect?: string[] | undefined;
      }
    | undefined;
  /** `gpu`, or device files by their path in `/dev`. */
  devices?: string[] | undefined;
  /** The agent may make user namespaces of its own, for a sandbox it brings along. */
  nested_userns?: boolean | undefined;
  /** Whether a program that runs code from a library the agent could have written keeps its name; omitted means deny. */
  writable_libraries?: "deny" | "allow" | undefined;
  /** What a node does with a policy it cannot read: keep the one in force (omitted), or stop the sandbox and hold it. */
  on_invalid_policy?: "keep" | "quarantine" | undefined;
}

export interface Policy {
  version: 1;
  mode: PolicyMode;
  monitor_until?: string | undefined;
  preset?: { name: string; description?: string | undefined } | undefined;
  filesystem_policy?: { include_workdir: boolean; read_only: string[]; read_write: string[] } | undefined;
  landlock?: { compatibility: "best_effort" | "hard_requirement" } | undefined;
  process?: { run_as_user?: string | undefined; run_as_group?: string | undefined } | undefined;
  sandbox?: SandboxSection | undefined;
  network_policies: Record<string, PolicyEntry>;
  network_middlewares: Record<string, Middleware>;
  inference?: InferenceSection | undefined;
  credentials: Record<string, Credential>;
  tests: PolicyTest[];
}
