/**
 * From the file's words to indexes. Invariant: the cost of a decision grows with the entries that name this very host, port and
 * program, not with the file.
 */
import { compileGlob, type GlobMatcher } from "../glob.ts";
import type { Endpoint, EntryLimits, Middleware, Policy, PolicyEntry } from "../model.ts";
import { type CompiledBinary, compileBinary } from "./binary.ts";
import { type ClauseIndex, canonicalPattern, compileClauses } from "./clause.ts";
import { type CompiledRequestMatcher, compileRequestMatcher } from "./headers.ts";

export interface CompiledEntry {
  key: string;
  expiresAtMs: number;
  binaries: readonly CompiledBinary[];
  request: CompiledRequestMatcher | null;
  limits: EntryLimits | null;
}

export interface CompiledEndpoint {
  entry: CompiledEntry;
  /** Position in the sorted file; the first that matches gives its name to the decision. */
  order: number;
  endpoint: Endpoint;
  inspected: boolean;
  /** Null: the host was matched by the index already. */
  host: GlobMatcher | null;
  selector: GlobMatcher | null;
  /** Of endpoints that share host and port, those with the longest selector judge a request. */
  specificity: number;
  allow: ClauseIndex;
  deny: ClauseIndex;
}

/** Endpoints of one host and port, by the exact path of the program. */
export interface Bucket {
  all: CompiledEndpoint[];
  byBinary: Map<string, CompiledEndpoint[]>;
  /** Those that name a program by glob or count parents: each must be looked at. */
  generic: CompiledEndpoint[];
}

export interface CompiledMiddleware {
  key: string;
  include: readonly GlobMatcher[];
  exclude: readonly GlobMatcher[];
}

export interface CompiledInference {
  enabled: boolean;
  models: readonly GlobMatcher[] | null;
  binaries: readonly CompiledBinary[] | null;
}

export interface CompiledPolicy {
  readonly policy: Policy;
  readonly monitorUntilMs: number | null;
  /** By `host:port` for exact hosts, by `suffix:port` for globs, by `:port` for endpoints without a host. */
  readonly exact: ReadonlyMap<string, Bucket>;
  readonly bySuffix: ReadonlyMap<string, Bucket>;
  readonly hostless: ReadonlyMap<string, Bucket>;
  readonly exactHosts: ReadonlySet<string>;
  readonly hostGlobs: ReadonlyMap<string, readonly GlobMatcher[]>;
  readonly inference: CompiledInference | null;
  /** Fail-closed middlewares that this gateway cannot run; hosts they cover are denied. */
  readonly missingMiddlewares: readonly CompiledMiddleware[];
}

export interface CompileOptions {
  /** Middlewares the gateway can run; none by default. */
  middlewares?: readonly string[];
}

/** Builds the indexes. The policy must come from `parsePolicy`; a malformed glob throws RangeError. */
export function compilePolicy(policy: Policy, options: CompileOptions = {}): CompiledPolicy {
  const exact = new Map<string, Bucket>();
  const bySuffix = new Map<string, Bucket>();
  const hostless = new Map<string, Bucket>();
  const exactHosts = new Set<string>();
  const hostGlobs = new Map<string, GlobMatcher[]>();
  let order = 0;
  for (const key of Object.keys(policy.network_policies).sort()) {
    const source = policy.network_policies[key];
    if (source === undefined) continue;
    const entry = compileEntry(key, source);
    for (const endpoint of source.endpoints) {
      const compiled = compileEndpoint(entry, endpoint, order++);
      const isGlob = compiled.host !== null;
      const name = isGlob ? literalSuffix(endpoint.host) : endpoint.host;
      if (isGlob && compiled.host !== null) listAt(hostGlobs, name).push(compiled.host);
      else if (name !== "") exactHosts.add(name);
      const index = name === "" ? hostless : isGlob ? bySuffix : exact;
      for (const port of endpoint.ports) addToBucket(index, `${name}:${port}`, compiled);
    }
  }
  const available = new Set(options.middlewares ?? []);
  return {
    policy,
    monitorUntilMs: policy.mode !== "monitor" ? null : timeMs(policy.monitor_until),
    exact,
    bySuffix,
    hostless,
    exactHosts,
    hostGlobs,
    inference: compileInference(policy),
    missingMiddlewares: Object.entries(policy.network_middlewares)
      .filter(([, middleware]) => middleware.on_error === "fail_closed" && !available.has(middleware.middleware))
      .map(([key, middleware]) => compileMiddleware(key, middleware)),
  };
}

const timeMs = (text: string | undefined): number => (text === undefined ? Number.POSITIVE_INFINITY : Date.parse(text));

function compileEntry(key: string, source: PolicyEntry): CompiledEntry {
  return {
    key,
    expiresAtMs: timeMs(source.expires_at),
    binaries: source.binaries.map(compileBinary),
    request: source.request === undefined ? null : compileRequestMatcher(source.request),
    limits: source.limits ?? null,
  };
}

export const compileHostGlob = (pattern: string): GlobMatcher => {
  const glob = compileGlob(pattern, { separator: "." });
  // A wildcard label stands for at least one character; `**.x.y` never means a name that begins with a dot.
  return (host) => !host.startsWith(".") && !host.includes("..") && glob(host);
};

function compileEndpoint(entry: CompiledEntry, endpoint: Endpoint, order: number): CompiledEndpoint {
  const inspected = endpoint.protocol !== undefined && endpoint.protocol !== "tcp";
  return {
    entry,
    order,
    endpoint,
    inspected,
    host: endpoint.host.includes("*") ? compileHostGlob(endpoint.host) : null,
    // Another case of a narrow endpoint's path must not fall to a wide one.
    selector:
      endpoint.path === undefined
        ? null
        : compileGlob(canonicalPattern(endpoint.path), { separator: "/", ignoreCase: true }),
    specificity: (endpoint.path ?? "").replaceAll("*", "").length,
    allow: compileClauses(
      (endpoint.rules ?? []).map((rule) => rule.allow),
      { deny: false },
    ),
    deny: compileClauses(endpoint.deny_rules ?? [], { deny: true }),
  };
}

/** The plain labels behind the last wildcard. */
function literalSuffix(host: string): string {
  const labels = host.split(".");
  return labels.slice(labels.findLastIndex((label) => label.includes("*")) + 1).join(".");
}

function addToBucket(index: Map<string, Bucket>, key: string, endpoint: CompiledEndpoint): void {
  let bucket = index.get(key);
  if (bucket === undefined) {
    bucket = { all: [], byBinary: new Map(), generic: [] };
    index.set(key, bucket);
  }
  bucket.all.push(endpoint);
  const { binaries } = endpoint.entry;
  if (binaries.some((binary) => binary.exact === null || binary.inherit)) bucket.generic.push(endpoint);
  else
    for (const path of new Set(binaries.map((binary) => binary.exact ?? "")))
      listAt(bucket.byBinary, path).push(endpoint);
}

function listAt<T>(map: Map<string, T[]>, key: string): T[] {
  const existing = map.get(key);
  if (existing !== undefined) return existing;
  const created: T[] = [];
  map.set(key, created);
  return created;
}

function compileInference(policy: Policy): CompiledInference | null {
  const section = policy.inference;
  if (section === undefined) return null;
  return {
    enabled: section.enabled,
    models: section.models?.map((model) => compileGlob(model, { separator: "" })) ?? null,
    binaries: section.binaries?.map(compileBinary) ?? null,
  };
}

function compileMiddleware(key: string, middleware: Middleware): CompiledMiddleware {
  const matcher = (host: string): GlobMatcher => (host.includes("*") ? compileHostGlob(host) : (text) => text === host);
  return {
    key,
    include: middleware.endpoints.include.map(matcher),
    exclude: (middleware.endpoints.exclude ?? []).map(matcher),
  };
}
