/**
 * The quarantine of one sandbox. Threat: a restart, a plan or a restart policy lets out what was held. Invariant: it is on disk, and
 * ends only when the count of releases in a plan grows beyond the one at which it began.
 */
import type { DesiredSandbox, PolicyRefusal } from "@creel/protocol";
import type { SavedStatus } from "./status-file.ts";

/** What of the saved status changes by what is desired now; null when nothing does. */
export function afterRelease(now: {
  saved: SavedStatus;
  desired: DesiredSandbox | null;
  refusal: PolicyRefusal | null;
  now: () => number;
}): Pick<SavedStatus, "held" | "excused"> | null {
  const { saved, desired, refusal } = now;
  if (!desired) return null;
  const releases = desired.releases ?? 0;
  let { held, excused } = saved;
  if (held !== null && releases > held.releases) {
    held = null;
    excused = refusal?.digest ?? null;
  }
  const reason = reasonToHold(desired, refusal, excused);
  if (held === null && reason !== null) held = { reason, since: new Date(now.now()).toISOString(), releases };
  return held === saved.held && excused === saved.excused ? null : { held, excused };
}

function reasonToHold(desired: DesiredSandbox, refusal: PolicyRefusal | null, excused: string | null): string | null {
  if (desired.state === "quarantined") return "Held as asked.";
  if (refusal?.outcome !== "quarantined" || refusal.digest === excused) return null;
  return `A policy that does not hold arrived (version ${refusal.version}), and the one in force asks for quarantine then. ${refusal.reason}`.slice(
    0,
    REASON_CHARS_MAX,
  );
}
const REASON_CHARS_MAX = 2000;
