/** Plain lists of endpoints, for those who explain; a decision itself asks the groups. */
import type { Caller } from "./binary.ts";
import type { CompiledPolicy } from "./compile.ts";
import type { CompiledEndpoint } from "./endpoint.ts";

const byOrder = (a: CompiledEndpoint, b: CompiledEndpoint): number => a.order - b.order;

/** Every endpoint that names this host and port, for whichever program, in the order of the sorted file. */
export function endpointsFor(compiled: CompiledPolicy, host: string, port: number): CompiledEndpoint[] {
  return compiled.hosts
    .bucketsFor(host, port)
    .flatMap((bucket) => bucket.endpoints)
    .sort(byOrder);
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
  for (const group of compiled.hosts.groupsFor(host, port, caller))
    for (const endpoint of group.endpoints) if (endpoint.entry.expiresAtMs > nowMs) found.add(endpoint);
  return [...found].sort(byOrder);
}
