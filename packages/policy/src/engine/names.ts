import { canonicalHost } from "../canonical/host.ts";
import type { CompiledPolicy } from "./compile.ts";
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
  if (compiled.exactHosts.has(host) || compiled.hostless.size > 0) return true;
  for (let dot = host.indexOf("."); dot !== -1; dot = host.indexOf(".", dot + 1))
    if (compiled.hostGlobs.get(host.slice(dot + 1))?.some((matches) => matches(host)) === true) return true;
  return false;
}
