import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decision, plan, policy, sandbox } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fleet, HOST, policyYaml, startFleet, until } from "./fleet.ts";

/** Asks for a page of its own, reads it, tries to write it, and says what happened; for ever. */
const AGENT = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
for (let n = 1; ; n++) {
  for (const method of ["GET", "POST"]) {
    const signal = AbortSignal.timeout(5000);
    const said = await fetch("https://${HOST}/api/" + process.pid + "/" + n, { method, signal }).then((r) => r.status, () => "failed");
    console.log(method, n, said);
  }
  await pause(50);
}`;

let fleet: Fleet;
let id = "";
const status = async () => (await sandbox.get({ ctx: fleet.owner, input: { sandboxId: id } })).status;
const running = () => until(async () => ((await status())?.phase === "running" ? status() : null));
const decisions = async () => {
  const all = [];
  for (let after = 0; ; ) {
    const page = await decision.list({ ctx: fleet.owner, input: { sandboxId: id, after, limit: 500 } });
    all.push(...page.items);
    if (page.items.length < 500) return all;
    after = page.items.at(-1)?.cursor ?? after;
  }
};
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);
/** One that nobody collected does nothing any more either. */
const runs = (pid: number): boolean => {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
};
/** Traffic is seen to pass, so that what follows hits it in the middle. */
const moreServed = async (count = 5): Promise<void> => {
  const before = fleet.world.served.length;
  await until(() => fleet.world.served.length >= before + count);
};

beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(async () => {
  if (!fleet) return;
  if (id) await sandbox.remove({ ctx: fleet.owner, input: { sandboxId: id } }).catch(() => undefined);
  if (id) await until(() => !existsSync(join(fleet.nodeDir, "sandboxes", id)));
  await fleet.close();
});

describe("one node and its hub", () => {
  it("joins by a file that is gone afterwards, with a key that only its owner can read", async () => {
    const known = await fleet.connected();
    expect(known).toMatchObject({ name: "local", model: { scripted: true } });
    expect(existsSync(fleet.joinFile)).toBe(false);
    expect(statSync(join(fleet.nodeDir, "identity/key.pem")).mode & 0o777).toBe(0o600);
    expect(statSync(join(fleet.nodeDir, "identity")).mode & 0o777).toBe(0o700);
    const secretless = [...fleet.agentLines, ...fleet.hubLines].join("\n");
    expect(secretless).not.toContain("creele_");
    expect(secretless).not.toContain("PRIVATE KEY");
  });

  it("runs a sandbox whose reading is allowed and whose writing is denied", async () => {
    const made = await sandbox.create({
      ctx: fleet.owner,
      input: {
        name: "demo",
        nodeId: (await fleet.connected()).id,
        policyId: fleet.policyId,
        agent: { plugin: "command", command: ["/opt/node/bin/node", "-e", AGENT] },
        restart: { policy: "on-failure", delayMs: 100 },
      },
    });
    id = made.id;
    await running();
    await moreServed();
    const found = await until(async () => {
      const items = await decisions();
      return items.some((d) => d.method === "GET") && items.some((d) => d.method === "POST") ? items : null;
    });
    expect(found.find((d) => d.method === "GET")).toMatchObject({ decision: "allow", rule: "tickets", host: HOST });
    expect(found.find((d) => d.method === "POST")).toMatchObject({ decision: "deny" });
    expect(found.find((d) => d.method === "GET")?.binary?.path).toBe("/opt/node/bin/node");
    expect(fleet.world.served.some((line) => line.startsWith("POST"))).toBe(false);
  });

  it("shows the output and runs a command beside the agent", async () => {
    await until(async () => {
      const { chunks } = await sandbox.logs({ ctx: fleet.owner, input: { sandboxId: id } });
      return chunks.some((chunk) => chunk.data.includes("GET 1 200"));
    });
    const input = { sandboxId: id, command: ["/bin/sh", "-c", "id -u; echo $HOME"], timeoutMs: 10_000 };
    const result = await sandbox.exec({ ctx: fleet.owner, input });
    expect(result).toMatchObject({ exitCode: 0, stdout: "1000\n/sandbox\n", error: null });
  });

  it("puts a new policy in force without a restart", async () => {
    const before = await running();
    const startedMs = performance.now();
    await policy.saveVersion({
      ctx: fleet.owner,
      input: { policyId: fleet.policyId, yaml: policyYaml(["GET", "POST"]), baseVersion: 1, message: "" },
    });
    await until(() => fleet.world.served.some((line) => line.startsWith("POST")));
    const tookMs = performance.now() - startedMs;
    console.log(`new policy in force and used after ${Math.round(tookMs)} ms`);
    expect((await running())?.pid).toBe(before?.pid);
  });

  it("kill -9 of the gateway, the hub and the node agent in the middle of traffic: same sandbox, nothing lost or doubled", async () => {
    const before = await running();
    const pid = before?.pid ?? 0;
    expect(alive(pid)).toBe(true);
    await moreServed();
    process.kill(await fleet.gatewayPid(), "SIGKILL");
    await moreServed();
    await fleet.restartHub("SIGKILL", () => moreServed());
    await fleet.connected();
    await moreServed();
    const gateway = await fleet.gatewayPid();
    await fleet.restartAgent("SIGKILL", async () => {
      // The gateway goes with its parent: nothing gets out from then on, and the sandbox waits.
      await until(() => !runs(gateway));
      const served = fleet.world.served.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(fleet.world.served.length - served).toBeLessThanOrEqual(1);
      expect(alive(pid)).toBe(true);
    });
    await moreServed();
    expect(await running()).toMatchObject({ pid, restarts: 0 });
    await sandbox.stop({ ctx: fleet.owner, input: { sandboxId: id } });
    await until(async () => (await status())?.phase === "stopped");
    expect(alive(pid)).toBe(false);
    // Every request that reached the world has exactly one decision that allowed it.
    const served = [...new Set(fleet.world.served)];
    const allowed = await until(async () => {
      const counts = new Map<string, number>();
      for (const d of await decisions())
        if (d.kind === "http" && d.decision === "allow") {
          const key = `${d.method} ${d.path}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
      return served.every((line) => counts.has(line)) ? counts : null;
    });
    const timesServed = (line: string) => fleet.world.served.filter((one) => one === line).length;
    for (const line of served) expect(allowed.get(line)).toBeGreaterThanOrEqual(timesServed(line));
    const seqs = (await decisions()).map((d) => `${d.boot}:${d.seq}`);
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  it("says how an agent ended, and starts again only one that may be", async () => {
    const nodeId = (await fleet.connected()).id;
    const make = (name: string, policy: "never" | "on-failure") =>
      sandbox.create({
        ctx: fleet.owner,
        input: {
          name,
          nodeId,
          policyId: fleet.policyId,
          agent: { plugin: "command", command: ["/bin/sh", "-c", "exit 3"] },
          restart: { policy, delayMs: 50 },
        },
      });
    const [never, again] = [await make("once", "never"), await make("again", "on-failure")];
    const of = async (box: { id: string }) =>
      (await sandbox.get({ ctx: fleet.owner, input: { sandboxId: box.id } })).status;
    await until(async () => ((await of(again))?.restarts ?? 0) >= 2);
    expect(await until(async () => ((await of(never))?.phase === "exited" ? of(never) : null))).toMatchObject({
      exitCode: 3,
      restarts: 0,
    });
    for (const box of [never, again]) {
      await sandbox.remove({ ctx: fleet.owner, input: { sandboxId: box.id } });
      await until(() => !existsSync(join(fleet.nodeDir, "sandboxes", box.id)));
    }
  });

  it("runs every sandbox of plans that arrive while others are still being started", async () => {
    const nodeId = (await fleet.connected()).id;
    const make = (index: number) =>
      sandbox.create({
        ctx: fleet.owner,
        input: {
          name: `crowd-${index}`,
          nodeId,
          policyId: fleet.policyId,
          agent: { plugin: "command", command: ["/bin/sleep", "300"] },
          restart: { policy: "never", delayMs: 0 },
        },
      });
    const crowd = await Promise.all(Array.from({ length: 12 }, (_, index) => make(index)));
    const phaseOf = async (box: { id: string }) =>
      (await sandbox.get({ ctx: fleet.owner, input: { sandboxId: box.id } })).status?.phase;
    await until(async () => (await Promise.all(crowd.map(phaseOf))).every((phase) => phase === "running"));
    const { items } = await plan.list({ ctx: fleet.owner, input: { nodeId, limit: 100 } });
    expect(items.filter((each) => each.state === "failed")).toEqual([]);
    for (const box of crowd) await sandbox.remove({ ctx: fleet.owner, input: { sandboxId: box.id } });
    await until(() => crowd.every((box) => !existsSync(join(fleet.nodeDir, "sandboxes", box.id))));
  });

  it("removes a sandbox and all that was its own", async () => {
    await sandbox.remove({ ctx: fleet.owner, input: { sandboxId: id } });
    await until(() => !existsSync(join(fleet.nodeDir, "sandboxes", id)));
    id = "";
  });
});
