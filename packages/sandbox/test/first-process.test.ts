import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { basket, cleanUp } from "./kit.ts";

afterAll(cleanUp);

const MIB = 1024 * 1024;
const field = (pid: number, name: string): string =>
  new RegExp(`^${name}:\\s+(.*)$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
const namespace = (pid: number | "self", name: string): string => readlinkSync(`/proc/${pid}/ns/${name}`);
const NAMESPACES = ["user", "net", "mnt", "pid", "ipc", "uts", "cgroup"];

// The sandbox's first process is undumpable: only root may look at it from outside.
describe.runIf(process.getuid?.() === 0)("once the agent runs, the sandbox's first process", () => {
  const started = basket({
    limits: { memoryBytes: 256 * MIB, processes: 40, cpus: 1 },
    protect: [".git/", ".mcp.json"],
  });
  const first = async (): Promise<number> => Number(field((await started).agentPid, "PPid"));

  test("holds no file, directory or control group of the host", async () => {
    const pid = await first();
    const foreign = () =>
      readdirSync(`/proc/${pid}/fd`)
        .map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`))
        .filter((link) => !/^(socket:\[\d+\]|pipe:\[\d+\]|anon_inode:\[signalfd\]|\/dev\/null)$/.test(link));
    // It lets go of the last of them just after it has said that the agent runs.
    await expect.poll(foreign).toEqual([]);
  });

  test("is alone: what built the root beside it is gone", async () => {
    const pid = await first();
    expect(readdirSync(`/proc/${pid}/task`)).toEqual([String(pid)]);
  });

  test("has no capability, no way to one, and its filter", async () => {
    const pid = await first();
    for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"]) expect(field(pid, set)).toMatch(/^0+$/);
    expect(field(pid, "NoNewPrivs")).toBe("1");
    expect(field(pid, "Seccomp")).toBe("2");
  });

  test("has an unprivileged id on the host and none of its groups, as the agent has", async () => {
    const { agentPid } = await started;
    for (const pid of [await first(), agentPid]) {
      for (const id of ["Uid", "Gid"]) expect(field(pid, id)).toBe("65534\t65534\t65534\t65534");
      expect(readFileSync(`/proc/${pid}/status`, "utf8")).toMatch(/^Groups:[ \t]*$/m);
    }
  });

  test("shares no namespace with the host, and every one with the agent", async () => {
    const { agentPid } = await started;
    const pid = await first();
    for (const name of NAMESPACES) {
      expect(namespace(pid, name), name).not.toBe(namespace("self", name));
      expect(namespace(agentPid, name), name).toBe(namespace(pid, name));
    }
  });
});

test("a limit of two processes leaves room for the agent, every time", async () => {
  for (let launch = 0; launch < 10; launch++) {
    const { control } = await basket({ limits: { processes: 2 } });
    expect((await control.status())?.phase).toBe("running");
  }
});
