import type { SandboxStatus } from "@creel/protocol";
import type { SavedStatus } from "./status-file.ts";
import type { InForce } from "./worker-hooks.ts";

/** What the node says of a sandbox, to the hub and so to everybody. */
export function statusOf(of: {
  id: string;
  saved: SavedStatus;
  pid: number | null;
  live: boolean;
  inForce: InForce | null;
}): SandboxStatus {
  const { id, saved, pid, live, inForce } = of;
  const refusal = inForce?.refusal ?? null;
  return {
    id,
    phase: saved.phase,
    reason: saved.reason.slice(0, REASON_CHARS_MAX),
    incarnation: Math.max(0, saved.incarnation),
    pid,
    startedAt: saved.startedAt,
    exitCode: saved.exitCode,
    restarts: saved.restarts,
    policyDigest: live ? (inForce?.digest ?? null) : null,
    generation: inForce?.generation ?? 0,
    cause: live ? null : saved.cause,
    ends: saved.ends,
    monitorUntil: inForce?.monitorUntil ?? null,
    // Once released, the sandbox goes on with the policy that was kept.
    policyRefused:
      refusal?.outcome === "quarantined" && saved.held === null ? { ...refusal, outcome: "kept" } : refusal,
    held: saved.held,
  };
}
const REASON_CHARS_MAX = 2000;
