import type { Caller } from "./binary.ts";
import type { Bucket, CompiledEndpoint, CompiledPolicy } from "./compile.ts";

/** Every endpoint that names this host and port, for whichever program. */
export function endpointsFor(compiled: CompiledPolicy, host: string, port: number): CompiledEndpoint[] {
  return bucketsFor(compiled, host, port).flatMap((bucket) =>
    bucket.all.filter((endpoint) => endpoint.host === null || endpoint.host(host)),
  );
}

/** Endpoints that name this host, port and program and are in force, in the order of the sorted file. */
export function candidatesFor(
  compiled: CompiledPolicy,
  host: string,
  port: number,
  caller: Caller,
  nowMs: number,
): CompiledEndpoint[] {
  const found = new Set<CompiledEndpoint>();
  for (const bucket of bucketsFor(compiled, host, port)) {
    for (const endpoint of [...(bucket.byBinary.get(caller.binary) ?? []), ...bucket.generic]) {
      if (endpoint.host !== null && !endpoint.host(host)) continue;
      if (endpoint.entry.expiresAtMs <= nowMs) continue;
      if (endpoint.entry.binaries.some((binary) => binary.matches(caller))) found.add(endpoint);
    }
  }
  return [...found].sort((a, b) => a.order - b.order);
}

function bucketsFor(compiled: CompiledPolicy, host: string, port: number): Bucket[] {
  const buckets = [compiled.exact.get(`${host}:${port}`), compiled.hostless.get(`:${port}`)];
  if (compiled.bySuffix.size > 0)
    for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1))
      buckets.push(compiled.bySuffix.get(`${host.slice(dot + 1)}:${port}`));
  return buckets.filter((bucket): bucket is Bucket => bucket !== undefined);
}
