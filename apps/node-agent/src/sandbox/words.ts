import type { EndCause } from "@creel/protocol";
import { endSentence } from "./bounds.ts";
import type { RunningSandbox } from "./runtime.ts";
import type { SavedStatus } from "./status-file.ts";
import type { Phase } from "./table.ts";
import type { InForce } from "./worker-hooks.ts";

/** A limit that nothing holds is said where everybody looks. */
export const runningReason = ({ unheld }: RunningSandbox): string =>
  unheld.length === 0
    ? "The agent is running."
    : `The agent is running. Not held on this host, which has no cgroup for it: ${unheld.join(", ")}.`;

export const foundReason = ({ outdated }: RunningSandbox): string =>
  outdated
    ? "Started by an older version of Creel, whose word about programs this one does not take: everything it asks of the network is denied. Restart it."
    : "Found running after a restart of the node agent.";

/** Why it does not run, for the phase it comes to rest in. `cause`: why it ended, when something ended just now or before. */
export function restReason(
  phase: Phase,
  { saved, inForce, cause }: { saved: SavedStatus; inForce: InForce | null; cause: EndCause | null },
): string {
  if (phase === "pending") return saved.phase === "running" ? "Stopped for a fresh start." : "Waiting to be started.";
  if (phase === "quarantined") return `In quarantine until somebody releases it. ${saved.held?.reason ?? ""}`.trim();
  if (phase === "failed") return inForce?.refusal?.reason ?? "It has no policy that could be put in force.";
  const shown = phase === "stopped" && cause !== "killed" ? "stopped" : (cause ?? "lost");
  return endSentence({ cause: shown, exitCode: null }, saved.bounds);
}
