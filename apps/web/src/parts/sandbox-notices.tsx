"use client";
import type { SandboxView } from "@creel/core";
import { Badge } from "../ui/badge.tsx";
import { Time } from "../ui/time.tsx";

/** The policy only watches; when it begins to be enforced by itself. */
export const MonitorBadge = ({ sandbox }: { sandbox: SandboxView }) => {
  const until = sandbox.status?.monitorUntil;
  if (!until) return null;
  return (
    <Badge tone="would">
      {until === "forever" ? (
        "monitor, no end"
      ) : (
        <>
          monitor until <Time at={until} exact />
        </>
      )}
    </Badge>
  );
};

const OUTCOMES = {
  kept: "The last valid one stays in force.",
  quarantined: "The one in force asks for quarantine then, so the node holds the sandbox.",
  none: "There is no valid one to keep, so the sandbox is not run.",
} as const;

/** The newest policy is not in force on the node, and why. */
export const RefusedPolicyNotice = ({ sandbox }: { sandbox: SandboxView }) => {
  const refused = sandbox.status?.policyRefused;
  if (!refused) return null;
  return (
    <section aria-label="Policy refused" className="rounded-md border border-would/40 bg-would-soft px-3 py-2">
      <p className="font-medium text-would">
        The node refused policy version {refused.version}. {OUTCOMES[refused.outcome]}
      </p>
      <p className="[overflow-wrap:anywhere]">{refused.reason}</p>
    </section>
  );
};

const LIMITS: readonly [name: keyof SandboxView["limits"], text: (value: number) => string][] = [
  ["memoryBytesMax", (value) => `${mebibytes(value)} of memory`],
  ["cpusMax", (value) => (value === 1 ? "1 core" : `${value} cores`)],
  ["processesMax", (value) => `${value} processes`],
  ["workspaceBytesMax", (value) => `${mebibytes(value)} of workspace`],
  ["workspaceFilesMax", (value) => `${value} files`],
  ["lifetimeSecondsMax", (value) => `${value} s of life`],
  ["idleSecondsMax", (value) => `${value} s of idling`],
  ["connectionsMax", (value) => (value === 1 ? "1 connection" : `${value} connections`)],
  ["bytesPerSecondMax", (value) => `${mebibytes(value)} of traffic a second`],
  ["requestsPerMinuteMax", (value) => (value === 1 ? "1 request a minute" : `${value} requests a minute`)],
];
const mebibytes = (bytes: number): string => `${Math.round((bytes / 1024 / 1024) * 10) / 10} MiB`;

/** The fleet's limits as one line; a policy may tighten them. */
export const limitsText = ({ limits }: SandboxView): string =>
  LIMITS.flatMap(([name, text]) => {
    const value = limits[name];
    return value === undefined ? [] : [text(value)];
  }).join(", ");
