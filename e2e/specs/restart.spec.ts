import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { decisionsAfter, runningSandbox } from "../support/views.ts";

const fleet = new Fleet();
test.describe.configure({ mode: "serial" });
test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

/** Processes whose command line or environment names this home; environments hold it for every program of ours. */
const alive = (): string[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => ["cmdline", "environ"].some((file) => read(`/proc/${pid}/${file}`).includes(fleet.home)));
const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

test("a second start of the same home says where the first one runs, and exits 1", () => {
  const second = spawnSync(process.execPath, ["apps/cli/bin/creel.js", "up"], {
    encoding: "utf8",
    env: { ...process.env, CREEL_HOME: fleet.home },
  });
  expect(second.status).toBe(1);
  expect(second.stderr).toContain(`already running as process`);
  expect(second.stderr).toContain(fleet.dev.webUrl);
});

test("Ctrl-C ends every program and every sandbox, and the next start has the data", async () => {
  test.setTimeout(180_000);
  const before = await runningSandbox(fleet, "demo");
  const [first] = await eventually("a decision", async () => {
    const all = await decisionsAfter(fleet, 0);
    return all.length > 0 ? all : null;
  });
  const dev = fleet.dev;
  expect(await fleet.stop()).toBe(0);
  expect(alive()).toEqual([]);
  expect(existsSync(join(fleet.home, "up.pid"))).toBe(false);

  await fleet.start();
  expect(fleet.dev).toEqual(dev);
  const after = await runningSandbox(fleet, "demo");
  expect(after.id).toBe(before.id);
  expect(after.status?.pid).not.toBe(before.status?.pid);
  expect((await decisionsAfter(fleet, 0))[0]?.id).toBe(first?.id);
});

test("after kill -9 of creel up itself the next start ends what was left and goes on", async () => {
  test.setTimeout(180_000);
  const { email } = fleet.dev;
  await fleet.kill();
  await fleet.start();
  expect(fleet.output).toContain("an earlier start was killed");
  expect(fleet.dev.email).toBe(email);
  await runningSandbox(fleet, "demo");
});
