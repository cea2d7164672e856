import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hogTests } from "./hogs.ts";

const GROUPS = "/sys/fs/cgroup";

function writable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether this host lets us hold a limit by that controller. Hosts differ in each: one may have memory without pids. */
function canHold(controller: "memory" | "cpu" | "pids"): boolean {
  const own = readFileSync("/proc/self/cgroup", "utf8")
    .trim()
    .split("\n")
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  if (existsSync(join(GROUPS, "cgroup.controllers"))) {
    const parent = join(GROUPS, dirname(own.find((line) => line?.[1] === "")?.[2] ?? "/"));
    const handedDown = readFileSync(join(parent, "cgroup.subtree_control"), "utf8").trim().split(" ");
    return handedDown.includes(controller) && writable(parent);
  }
  const path = own.find((line) => line?.[1]?.split(",").includes(controller))?.[2];
  if (path === undefined) return false;
  const seen = join(GROUPS, controller, path);
  return writable(existsSync(seen) ? seen : join(GROUPS, controller));
}

hogTests({
  memoryBy: canHold("memory") ? "cgroup" : "watchdog",
  cpusBy: canHold("cpu") ? "cgroup" : "none",
  forksBy: canHold("pids") ? "cgroup" : "rlimit",
});
