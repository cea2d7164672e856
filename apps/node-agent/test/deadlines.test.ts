import { decision, sandbox } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASKS, alive, type Boxes, startBoxes } from "./boxes.ts";
import { policyYaml, until } from "./fleet.ts";

let boxes: Boxes;
/** What is to be seen before a time ends needs as long as this machine takes: starting hub and node shows how long that is. */
let patienceMs = 4_000;
beforeAll(async () => {
  const began = performance.now();
  boxes = await startBoxes();
  patienceMs += performance.now() - began;
});
afterAll(async () => await boxes?.close());

describe("monitor mode with a deadline", () => {
  it("ends at its deadline although node agent and gateway were dead when it came", async () => {
    const deadline = new Date(Date.now() + patienceMs);
    const yaml = policyYaml(["GET"]).replace(
      "version: 1\n",
      `version: 1\nmode: monitor\nmonitor_until: ${deadline.toISOString()}\n`,
    );
    const { id } = await boxes.make("watched", { yaml, command: ["/opt/node/bin/node", "-e", ASKS] });
    const first = await boxes.inPhase(id, "running");
    expect(first.monitorUntil).toBe(deadline.toISOString());
    const posts = async () =>
      (await decision.list({ ctx: boxes.fleet.owner, input: { sandboxId: id, limit: 500 } })).items.filter(
        (d) => d.method === "POST",
      );
    await until(async () => (await posts()).some((d) => d.decision === "would_deny"));
    await boxes.fleet.restartAgent("SIGKILL", () => until(() => Date.now() > deadline.getTime()).then(() => undefined));
    await until(async () => (await posts()).some((d) => d.decision === "deny"));
    for (const each of await posts())
      expect(each.decision).toBe(Date.parse(each.time) < deadline.getTime() ? "would_deny" : "deny");
    expect(
      await until(async () => ((await boxes.status(id))?.monitorUntil === null ? boxes.status(id) : null)),
    ).toMatchObject({
      pid: first.pid,
    });
  });
});

describe("bounds on time", () => {
  it("a lifetime ends the sandbox, also across a dead node agent and without a hub, and no restart policy starts it again", async () => {
    const lifeS = Math.ceil(patienceMs / 2_000) + 1;
    const { id } = await boxes.make("mortal", { limits: { lifetimeSecondsMax: lifeS } });
    const { pid, startedAt } = await boxes.inPhase(id, "running");
    await boxes.fleet.restartHub("SIGKILL", async () => {
      await boxes.fleet.restartAgent("SIGKILL", async () => undefined);
      await until(() => alive([pid ?? 0]).length === 0);
      expect(Date.now() - Date.parse(startedAt ?? "")).toBeGreaterThanOrEqual(lifeS * 1_000);
    });
    expect(await boxes.inPhase(id, "exited")).toMatchObject({
      cause: "lifetime",
      restarts: 0,
      reason: `Ended: it had run for ${lifeS} s, as long as it may live. Restart it for another such time.`,
    });
    expect(await boxes.auditOf("sandbox.ended", id)).toHaveLength(1);
    await sandbox.restart({ ctx: boxes.fleet.owner, input: { sandboxId: id } });
    await boxes.inPhase(id, "running");
  });
});
