import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { readExit, type SandboxExit, type SandboxSpec, sentenceOfExit } from "../src/index.ts";
import { type Basket, basket, cleanUp, temporary } from "./kit.ts";

const HOG = "/opt/hog";
const MIB = 1024 * 1024;
const ROOMY = 512 * MIB;
type Limits = NonNullable<SandboxSpec["limits"]>;

interface Holders {
  memoryBy: "cgroup" | "watchdog";
  cpusBy: "cgroup" | "none";
  forksBy: "cgroup" | "rlimit";
}

/** What every sandbox must keep to, whether the kernel holds its limits or the watchdog does. */
export function hogTests({ memoryBy, cpusBy, forksBy }: Holders): void {
  let program: string;
  let neighbour: Basket;
  beforeAll(async () => {
    program = join(temporary(), "hog");
    const source = join(dirname(fileURLToPath(import.meta.url)), "hog.c");
    compile(["-O1", "-w", "-pthread", "-o", program, source]);
    neighbour = await basket();
  });
  afterAll(cleanUp);

  const caged = (limits: Limits, command?: string[]): Promise<Basket> =>
    basket({ limits, mounts: [{ source: program, target: HOG, mode: "ro" }], ...(command ? { command } : {}) });

  /** Runs a hog as a child of the agent until the sandbox has ended. */
  async function ended(limits: Limits, line: string): Promise<SandboxExit> {
    const cage = await caged(limits);
    const gone = new Promise<void>((resolve) => cage.control.onExit(resolve));
    void cage.sh(`${HOG} ${line}`);
    await gone;
    const exit = await readExit(cage.stateDir);
    if (exit === null) throw new Error("no exit record");
    return exit;
  }
  const neighbourIsWell = async () => {
    expect((await neighbour.sh("echo well")).out).toBe("well\n");
    expect((await neighbour.control.status())?.phase).toBe("running");
  };

  describe(`memory, held by ${memoryBy}`, () => {
    const limits: Limits = { memoryBytes: 96 * MIB, tmpBytes: ROOMY };
    test.each([
      ["anonymous", "memory of one process"],
      ["shared", "memory that processes share"],
      ["family", "memory of many processes together"],
      ["tmp", "files in /tmp that nobody has mapped"],
      ["shm", "/dev/shm and /tmp together"],
    ])("%s: %s", async (hog) => {
      const exit = await ended(limits, `${hog} 240`);
      expect(exit).toMatchObject({ cause: "memory", signal: 9, exitCode: null, limit: 96 * MIB });
      expect(sentenceOfExit(exit)).toBe("It ended because it used more memory than its limit of 96 MiB.");
      await neighbourIsWell();
    });
    test("the agent itself as the hog has the same cause", async () => {
      const cage = await caged(limits, [HOG, "anonymous", "240"]);
      await expect.poll(() => readExit(cage.stateDir)).toMatchObject({ cause: "memory" });
    });
    test("a sandbox just under its limit lives", async () => {
      const cage = await caged(limits);
      void cage.sh(`${HOG} anonymous 64`);
      const used = async () => (await cage.control.status())?.limits.find(({ name }) => name === "memoryBytes")?.used;
      await expect.poll(used).toBeGreaterThan(60 * MIB);
      expect((await cage.control.status())?.limits).toContainEqual(
        expect.objectContaining({ name: "memoryBytes", by: memoryBy, limit: 96 * MIB }),
      );
    });
  });

  describe("workspace", () => {
    const limits: Limits = { workspaceBytes: 32 * MIB, workspaceFiles: 500 };
    test.each([
      ["file 64", 32 * MIB, "its limit is 32 MiB."],
      ["deleted 64", 32 * MIB, "its limit is 32 MiB."],
      ["mapped 256", 32 * MIB, "its limit is 32 MiB."],
      ["queued 256", 32 * MIB, "its limit is 32 MiB."],
      ["threaded 64", 32 * MIB, "its limit is 32 MiB."],
      ["headless 256", 32 * MIB, "its limit is 32 MiB."],
      ["tiny 1000", 500, "its limit is 500 files and directories."],
    ])("%s ends the sandbox", async (line, limit, sentence) => {
      const exit = await ended(limits, line);
      expect(exit).toMatchObject({ cause: "workspace", signal: 9, limit });
      expect(sentenceOfExit(exit)).toContain(sentence);
      expect(exit.used).toBeGreaterThan(limit);
      await neighbourIsWell();
    });
    test("a tree too deep to be measured counts as too large", async () => {
      expect(await ended({ workspaceBytes: 8 * MIB }, "deep 300")).toMatchObject({ cause: "workspace" });
    });
    test("holes and further names of a file take no space", async () => {
      const cage = await caged(limits);
      expect((await cage.sh(`${HOG} sparse 4096`)).out).toBe("0\n");
      expect((await cage.sh(`${HOG} links 400`)).out).toBe("0\n");
      const bytes = async () =>
        (await cage.control.status())?.limits.find(({ name }) => name === "workspaceBytes")?.used;
      await expect.poll(bytes).toBeGreaterThanOrEqual(4 * MIB);
      expect(await bytes()).toBeLessThan(6 * MIB);
    });
  });

  test(`processor time is ${cpusBy === "cgroup" ? "throttled, not ended" : "said to be held by nobody"}`, async () => {
    const cage = await caged({ cpus: 0.25 });
    expect((await cage.control.status())?.limits).toContainEqual({ name: "cpus", by: cpusBy, limit: 0.25, used: null });
    if (cpusBy === "cgroup") expect(Number((await cage.sh(`${HOG} cpu`)).out)).toBeLessThan(50);
    expect((await cage.control.status())?.phase).toBe("running");
  });

  test(`forks refused at a limit that was asked for are ${forksBy === "cgroup" ? "counted" : "said to be counted by nobody"}`, async () => {
    const cage = await caged({ processes: 40 });
    const forked = await cage.attack("fork_bomb");
    // PID 1, the agent and the attack itself are among the forty, whoever holds them.
    expect(forked).toBeGreaterThan(20);
    expect(forked).toBeLessThan(40);
    const status = await cage.control.status();
    const held = status?.limits.find(({ name }) => name === "processes");
    if (forksBy === "cgroup") {
      expect(held).toMatchObject({ by: "cgroup", limit: 40 });
      expect(status?.refusedForks).toBe(1);
    } else expect([held?.by, status?.refusedForks]).toEqual(["rlimit", null]);
    await cage.control.stop({ graceMs: 0 });
    expect((await readExit(cage.stateDir))?.refusedForks).toBe(status?.refusedForks);
  });

  test("a sandbox without such a limit gets no control group for it, and nobody counts", async () => {
    const cage = await caged({});
    const status = await cage.control.status();
    expect(status?.limits.find(({ name }) => name === "processes")).toMatchObject({ by: "rlimit", limit: 256 });
    expect(status?.refusedForks).toBeNull();
  });

  test("open files stop at their limit", async () => {
    const cage = await caged({ openFiles: 64 });
    expect(Number((await cage.sh(`${HOG} files_open`)).out)).toBeLessThan(64);
    await neighbourIsWell();
  });

  test("kill ends two hundred processes at once, stopped and forking ones too", async () => {
    const cage = await caged({ processes: 400 });
    const crowd = cage.control.exec({ command: [HOG, "crowd", "200"], timeoutMs: 60_000 });
    await expect.poll(async () => (await cage.sh("ls /proc")).out.match(/^\d+$/gm)?.length).toBeGreaterThan(260);
    const began = performance.now();
    await cage.control.kill();
    // Measured, not judged: a busy machine would make a bound here a matter of luck.
    process.stderr.write(`kill with 200 forked processes inside: ${(performance.now() - began).toFixed(1)} ms\n`);
    expect(await readExit(cage.stateDir)).toMatchObject({ cause: "killed", signal: 9, reason: "stopped" });
    await crowd;
    await neighbourIsWell();
  });

  test("whoever stops a sandbox says why, and the record keeps it", async () => {
    const cage = await caged({});
    await cage.control.stop({ graceMs: 0, cause: "lifetime" });
    expect(await readExit(cage.stateDir)).toMatchObject({ cause: "lifetime", reason: "stopped", limit: 0 });
    // They wait for a word, so that they still run when the test attaches to them.
    const onWord = async (act: string): Promise<Basket> => {
      const cage = await caged({}, ["sh", "-c", `until [ -e go ]; do sleep 0.02; done; ${act}`]);
      await cage.sh("touch go");
      return cage;
    };
    const own = await onWord("exit 3");
    await expect.poll(() => readExit(own.stateDir)).toMatchObject({ cause: "exit", exitCode: 3, reason: "exited" });
    const shot = await onWord("kill -9 $$");
    await expect.poll(() => readExit(shot.stateDir)).toMatchObject({ cause: "signal", signal: 9 });
  });
}
