/** A plain list of endpoints, for those who explain; a decision itself asks the groups. */
import type { CompiledPolicy } from "./compiled.ts";
import type { CompiledEndpoint } from "./endpoint.ts";

/** Every endpoint that names this host and port, for whichever program, in the order of the sorted file. */
export function endpointsFor(compiled: CompiledPolicy, host: string, port: number): CompiledEndpoint[] {
  return compiled.hosts
    .bucketsFor(host, port)
    .flatMap((bucket) => bucket.endpoints)
    .sort((a, b) => a.order - b.order);
}
