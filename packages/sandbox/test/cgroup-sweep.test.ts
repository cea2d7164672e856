import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { basket, cleanUp } from "./kit.ts";

const CGROUPS = "/sys/fs/cgroup";
const MIB = 1024 * 1024;
const hierarchy = existsSync(join(CGROUPS, "cgroup.controllers")) ? CGROUPS : join(CGROUPS, "memory");
/** Another session's place, not the one in which this test's own sandbox gets its group. */
const session = join(hierarchy, `session-of-another-${process.pid}`);

function canMake(): boolean {
  try {
    mkdirSync(session);
    return true;
  } catch {
    return false;
  }
}
const able = canMake();
afterAll(async () => {
  await cleanUp();
  if (!able) return;
  for (const name of readdirSync(session).filter((name) => name.startsWith("creel-"))) rmdirSync(join(session, name));
  rmdirSync(session);
});

test.runIf(able)(
  "groups of dead shims go, wherever they lie; one whose shim lives in another container stays",
  async () => {
    // Numbers say nothing: 1 lives in every container, and the other one has never been.
    for (const name of ["creel-dead-1", "creel-living-4194305"]) mkdirSync(join(session, name));
    const shim = spawn("flock", [join(session, "creel-living-4194305"), "sh", "-c", "echo locked; read end"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(shim.stdout, "data");
    await basket({ limits: { memoryBytes: 256 * MIB } });
    const groups = () => readdirSync(session).filter((name) => name.startsWith("creel-"));
    await vi.waitFor(() => expect(groups()).toEqual(["creel-living-4194305"]), { timeout: 15_000, interval: 100 });
    shim.stdin.end();
    await once(shim, "close");
  },
);
