import type { Policy } from "@creel/policy";

/** Until when a policy only watches, as its status says it: an instant, `forever`, or null when it is enforced. */
export function monitorUntil(policy: Policy, nowMs: number): string | null {
  if (policy.mode !== "monitor") return null;
  if (policy.monitor_until === undefined) return "forever";
  const untilMs = Date.parse(policy.monitor_until);
  return untilMs > nowMs ? new Date(untilMs).toISOString() : null;
}
