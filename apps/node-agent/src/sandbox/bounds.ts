import type { SandboxLimits } from "@creel/policy";
import type { EndCause, Limits } from "@creel/protocol";
import type { ServedPolicy } from "../gateway/messages.ts";

/** What one sandbox may use, after the fleet's limits and its policy's were laid over each other: the smaller of both holds. */
export interface Bounds {
  processes: number;
  openFiles: number;
  tmpBytes: number;
  logBytes: number;
  memoryBytes: number | null;
  cpus: number | null;
  workspaceBytes: number | null;
  workspaceFiles: number | null;
  lifetimeSeconds: number | null;
  idleSeconds: number | null;
}

export function boundsOf(limits: Limits, policy: SandboxLimits | undefined): Bounds {
  return {
    processes: Math.min(limits.processesMax, policy?.processes ?? Number.POSITIVE_INFINITY),
    openFiles: Math.min(limits.openFilesMax, policy?.open_files ?? Number.POSITIVE_INFINITY),
    tmpBytes: Math.min(limits.tmpBytesMax, policy?.tmp_bytes ?? Number.POSITIVE_INFINITY),
    logBytes: limits.logBytesMax,
    memoryBytes: smaller(limits.memoryBytesMax, policy?.memory_bytes),
    cpus: smaller(limits.cpusMax, policy?.cpus),
    workspaceBytes: smaller(limits.workspaceBytesMax, policy?.workspace_bytes),
    workspaceFiles: smaller(limits.workspaceFilesMax, policy?.workspace_files),
    lifetimeSeconds: smaller(limits.lifetimeSecondsMax, policy?.lifetime_seconds),
    idleSeconds: smaller(limits.idleSecondsMax, policy?.idle_seconds),
  };
}

/** The fleet's limits that the gateway holds; it lays the policy's own over them. Unlike the others they also change while it runs. */
export function networkBounds(limits: Limits): ServedPolicy["bounds"] {
  const { connectionsMax, bytesPerSecondMax, requestsPerMinuteMax } = limits;
  return {
    ...(connectionsMax === undefined ? {} : { connections: connectionsMax }),
    ...(bytesPerSecondMax === undefined ? {} : { bytesPerSecond: bytesPerSecondMax }),
    ...(requestsPerMinuteMax === undefined ? {} : { requestsPerMinute: requestsPerMinuteMax }),
  };
}

function smaller(one: number | undefined, other: number | undefined): number | null {
  if (one === undefined) return other ?? null;
  return other === undefined ? one : Math.min(one, other);
}

/** Those bounds that an end can name. */
export type EndBounds = {
  [Name in "processes" | "memoryBytes" | "workspaceBytes" | "workspaceFiles" | "lifetimeSeconds" | "idleSeconds"]:
    | number
    | null;
};

/** Why it ended, for people: what stands on the page, in the list and in the audit row. */
export function endSentence(end: { cause: EndCause; exitCode: number | null }, bounds: EndBounds | null): string {
  switch (end.cause) {
    case "exit":
      return end.exitCode === null ? "The agent ended." : `The agent ended with code ${end.exitCode}.`;
    case "signal":
      return "The agent was ended by a signal.";
    case "memory":
      return `Ended: it used more than ${bytesText(bounds?.memoryBytes)} of memory.`;
    case "processes":
      return `Ended: it started more than ${bounds?.processes ?? "its limit of"} processes.`;
    case "workspace":
      return `Ended: its workspace grew beyond ${workspaceText(bounds)}.`;
    case "lifetime":
      return `Ended: it had run for ${secondsText(bounds?.lifetimeSeconds)}, as long as it may live. Restart it for another such time.`;
    case "idle":
      return `Ended: for ${secondsText(bounds?.idleSeconds)} it neither used the network nor wrote a line. Restart it to go on.`;
    case "stopped":
      return "Stopped as asked.";
    case "killed":
      return "Killed as asked: everything inside ended at once.";
    case "quarantine":
      return "Put in quarantine: everything inside ended at once.";
    case "lost":
      return "It ended, and nobody recorded how; the host may have gone down.";
  }
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"] as const;
export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "its limit";
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

function workspaceText(bounds: EndBounds | null): string {
  const parts = [
    ...(bounds?.workspaceBytes ? [bytesText(bounds.workspaceBytes)] : []),
    ...(bounds?.workspaceFiles ? [`${bounds.workspaceFiles} files`] : []),
  ];
  return parts.join(" or ") || "its limit";
}

function secondsText(seconds: number | null | undefined): string {
  if (!seconds) return "its time";
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
