import type { CompiledPolicy } from "@creel/policy";
import { SOCKETS_PER_SANDBOX_MAX } from "./limits.ts";

/** What one sandbox may use of the network; null is unlimited. */
export interface SandboxBounds {
  connections: number;
  bytesPerSecond: number | null;
  requestsPerMinute: number | null;
}

/** What whoever runs the sandbox allows it; the policy only tightens that. */
export type GivenBounds = { readonly [Name in keyof SandboxBounds]?: number | null | undefined };

export function boundsOf(policy: CompiledPolicy, given: GivenBounds): SandboxBounds {
  const own = policy.policy.sandbox?.limits;
  return {
    connections:
      smaller(smaller(own?.connections, given.connections), SOCKETS_PER_SANDBOX_MAX) ?? SOCKETS_PER_SANDBOX_MAX,
    bytesPerSecond: smaller(own?.bytes_per_second, given.bytesPerSecond),
    requestsPerMinute: smaller(own?.requests_per_minute, given.requestsPerMinute),
  };
}

function smaller(a: number | null | undefined, b: number | null | undefined): number | null {
  if (a === null || a === undefined) return b ?? null;
  return b === null || b === undefined ? a : Math.min(a, b);
}
