import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify, isAlive, parseProcessId } from "@creel/processes";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type HomePaths, homePaths, makeHome } from "../src/up/home.ts";
import { endLeftovers } from "../src/up/leftovers.ts";
import { lockHome } from "../src/up/lock.ts";
import { type Supervised, supervise } from "../src/up/supervisor.ts";

/** Programs come and go as fast as the machine lets them; what has not happened by then never will. */
const WAIT_MS = 20_000;
let paths: HomePaths;
const programs: Supervised[] = [];
beforeEach(() => {
  paths = homePaths(mkdtempSync(join(tmpdir(), "creel-up-")));
  makeHome(paths);
});
afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  rmSync(paths.home, { recursive: true, force: true });
});

const start = (script: string, onExit = (): void => undefined): Supervised => {
  const spec = { name: "probe", command: process.execPath, args: ["-e", script], cwd: paths.home, env: {} };
  const program = supervise(spec, paths, onExit);
  programs.push(program);
  return program;
};
const recorded = () => {
  const id = parseProcessId(readFileSync(join(paths.run, "probe.json"), "utf8"));
  if (id === null) throw new Error("run/probe.json names no process");
  return id;
};

describe("a supervised program", () => {
  it("is started again after kill -9, as another process, with its log kept", async () => {
    start("console.log('up'); setInterval(() => {}, 1000)");
    const log = () => readFileSync(join(paths.logs, "probe.log"), "utf8");
    await vi.waitFor(() => expect(log()).toBe("up\n"), { timeout: WAIT_MS });
    const first = recorded();
    process.kill(first.pid, "SIGKILL");
    await vi.waitFor(() => expect(recorded().pid).not.toBe(first.pid), { timeout: WAIT_MS });
    await vi.waitFor(() => expect(log()).toBe("up\nup\n"), { timeout: WAIT_MS });
  });

  it("waits longer each time while it keeps failing", async () => {
    const pauses: number[] = [];
    const spec = { name: "probe", command: "/bin/false", args: [], cwd: paths.home, env: {} };
    programs.push(supervise(spec, paths, (_name, _how, pauseMs) => void pauses.push(pauseMs)));
    await vi.waitFor(() => expect(pauses.length).toBeGreaterThanOrEqual(3), { timeout: WAIT_MS });
    expect(pauses.slice(0, 3)).toEqual([250, 500, 1000]);
  });

  it("stays down once it was stopped", async () => {
    const program = start("setInterval(() => {}, 1000)");
    const id = recorded();
    await program.stop();
    expect(isAlive(id)).toBe(false);
    expect(() => recorded()).toThrow();
  });
});

describe("after a crash of creel up itself", () => {
  it("what it left running is ended, and a stranger that got the same pid is not", async () => {
    start("setInterval(() => {}, 1000)");
    const child = recorded();
    writeFileSync(join(paths.run, "stranger.json"), JSON.stringify({ pid: process.pid, startTicks: "1" }));
    writeFileSync(join(paths.run, "half.json"), "{");
    expect(await endLeftovers(paths)).toBe(1);
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), { timeout: WAIT_MS });
    expect(isAlive(identify(process.pid) ?? child)).toBe(true);
  });

  it("its lock is taken over; a living owner's is not", () => {
    writeFileSync(paths.lock, JSON.stringify({ pid: process.pid, startTicks: "1" }));
    const release = lockHome(paths, () => "");
    expect(() => lockHome(paths, () => " at http://127.0.0.1:7400")).toThrow(
      /already running .* at http:\/\/127\.0\.0\.1:7400/,
    );
    release();
    lockHome(paths, () => "")();
  });
});
