/**
 * From the file's words to indexes. Invariant: the cost of a decision does not grow with the file. Compiling files each endpoint under
 * its host and checks every pattern; the rules of one host, port and program are indexed when the first request meets them, so the
 * policy must not be changed afterwards.
 */

import type { GlobMatcher } from "../glob/types.ts";
import { compileGlob } from "../glob.ts";
import type { Middleware, Policy } from "../model.ts";
import { compileBinary } from "./binary.ts";
import type { CompiledInference, CompiledMiddleware, CompiledPolicy } from "./compiled.ts";
import { compileHostGlob, LazyEndpoint, LazyEntry, timeMs } from "./endpoint.ts";
import { Hosts } from "./hosts.ts";
import { refuseBadPatterns } from "./patterns.ts";
import { Pool } from "./pool.ts";

export { type CompiledEndpoint, type CompiledEntry, compileHostGlob } from "./endpoint.ts";

export interface CompileOptions {
  /** Middlewares the gateway can run; none by default. */
  middlewares?: readonly string[];
}

/** Builds the indexes. The policy must come from `parsePolicy`; a malformed glob throws RangeError. */
export function compilePolicy(policy: Policy, options: CompileOptions = {}): CompiledPolicy {
  const hosts = new Hosts();
  const pool = new Pool();
  const exactHosts = new Set<string>();
  let order = 0;
  for (const key of Object.keys(policy.network_policies).sort()) {
    const source = policy.network_policies[key];
    if (source === undefined) continue;
    refuseBadPatterns(source);
    const entry = new LazyEntry(key, source, pool);
    for (const endpoint of source.endpoints) {
      hosts.add(new LazyEndpoint(entry, endpoint, order++, pool));
      if (endpoint.host !== "" && !endpoint.host.includes("*")) exactHosts.add(endpoint.host);
    }
  }
  const available = new Set(options.middlewares ?? []);
  return {
    policy,
    monitorUntilMs: policy.mode !== "monitor" ? null : timeMs(policy.monitor_until),
    hosts,
    exactHosts,
    inference: compileInference(policy),
    missingMiddlewares: Object.entries(policy.network_middlewares)
      .filter(([, middleware]) => middleware.on_error === "fail_closed" && !available.has(middleware.middleware))
      .map(([key, middleware]) => compileMiddleware(key, middleware)),
    exceptions: null,
  };
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
