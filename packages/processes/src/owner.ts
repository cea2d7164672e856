/**
 * Threat: two containers on one state volume: each looks for the owner of a lock among its own processes, finds none, and both go on.
 * Invariant: an owner of another PID namespace is never judged by its number. What says that it lives is a flock(2) on its lock's file,
 * which the kernel takes back with the owner's end, in whatever namespace it was; where an owner could not take one, nobody of
 * another namespace of the same start of the host takes the lock away.
 */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { identify, isAlive, type ProcessId, parseProcessId } from "./process-id.ts";

/** Node has no call for it. By its path, so that no folder of an environment stands in front; part of every Debian and of busybox. */
const FLOCK_PATHS = ["/usr/bin/flock", "/bin/flock"];
/** It asks the kernel once and ends. */
const FLOCK_MS_MAX = 10_000;

interface Owner extends ProcessId {
  /** `pid:[4026531836]`; a number means the same process in the same one alone. */
  pidNamespace: string | null;
  /** Of the host's start: what was held before it is held no more. */
  bootId: string | null;
  /** Whether it holds a flock on the file that names it. */
  flocked: boolean;
}

const said = (path: string, read: (path: string) => string): string | null => {
  try {
    return read(path).trim();
  } catch {
    return null;
  }
};
const pidNamespace = () => said("/proc/self/ns/pid", readlinkSync);
const bootId = () => said("/proc/sys/kernel/random/boot_id", (path) => readFileSync(path, "utf8"));

/** This process, as a file names it; null where /proc does not show it. */
export function ownText({ flocked }: { flocked: boolean }): string | null {
  const self = identify(process.pid);
  if (self === null) return null;
  const owner: Owner = { ...self, pidNamespace: pidNamespace(), bootId: bootId(), flocked };
  return `${JSON.stringify(owner)}\n`;
}

/** Nothing of ours goes to the program. Types of Next, where this is compiled as well, want a mode of every environment. */
const NO_ENVIRONMENT = {} as NodeJS.ProcessEnv;

/** Takes a flock on an open file, for as long as this process has it open. False where this host or this file system has none. */
export const takeFlock = (fd: number): boolean => flock(fd, "-x") === 0;

function flock(fd: number, mode: "-x" | "-s"): number | null {
  for (const program of FLOCK_PATHS) {
    // The lock belongs to the open file, which the program shares with us and leaves to us.
    const { status, error } = spawnSync(program, [mode, "-n", "3"], {
      stdio: ["ignore", "ignore", "ignore", fd],
      env: NO_ENVIRONMENT,
      timeout: FLOCK_MS_MAX,
    });
    if (error === undefined) return status;
  }
  return null;
}

export type Verdict = "lives" | "ended" | "unknown" | "changed";

/** Of whoever the file named by this text, which was read from it a moment ago. A text that names nobody names no living one. */
export function judge(path: string, text: string): Verdict {
  const id = parseProcessId(text);
  if (id === null) return "ended";
  const { pidNamespace: of, bootId: since, flocked } = restOf(text);
  // A file of a former version does not say, and is judged as that version did.
  const alike = of === undefined || of === pidNamespace();
  if (alike && isAlive(id)) return "lives";
  // Also of the same namespace: a /proc may hide what other users run.
  if (flocked) return probe(path, text);
  return alike || since !== bootId() ? "ended" : "unknown";
}

function probe(path: string, text: string): Verdict {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    return "changed";
  }
  try {
    if (readFileSync(fd, "utf8") !== text) return "changed";
    // Shared: two that look at one moment are not taken for an owner by each other.
    const status = flock(fd, "-s");
    return status === 0 ? "ended" : status === 1 ? "lives" : "unknown";
  } finally {
    closeSync(fd);
  }
}

function restOf(text: string): { pidNamespace?: unknown; bootId?: unknown; flocked: boolean } {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return { flocked: false };
  return {
    ...("pidNamespace" in value ? { pidNamespace: value.pidNamespace } : {}),
    ...("bootId" in value ? { bootId: value.bootId } : {}),
    flocked: "flocked" in value && value.flocked === true,
  };
}
