import { canonicalHost } from "../canonical/host.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { INFERENCE_HOST } from "./inference.ts";

/**
 * Does the policy know this name? Only such a name is ever asked for outside this host, so that no data leaves in names.
 * In monitor mode every name is known until the mode ends.
 */
export function namesHost(compiled: CompiledPolicy, rawHost: string, nowMs?: number): boolean {
  const host = canonicalHost(rawHost);
  if (host === null) return false;
  if (host === INFERENCE_HOST) return compiled.inference?.enabled !== false;
  if (compiled.monitorUntilMs !== null && (nowMs === undefined || nowMs < compiled.monitorUntilMs)) return true;
  return compiled.exactHosts.has(host) || compiled.hosts.namesWidely(host);
}
