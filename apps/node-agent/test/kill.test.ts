import { sandbox } from "@creel/core";
import { eq, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive, type Boxes, inside, startBoxes } from "./boxes.ts";

let boxes: Boxes;
beforeAll(async () => {
  boxes = await startBoxes();
});
afterAll(async () => await boxes?.close());

describe("the kill switch", () => {
  it.each([
    ["ignores every signal it can", "trap '' TERM INT HUP; echo ready; while :; do sleep 1; done"],
    ["is stopped", "echo ready; kill -STOP $$; while :; do sleep 1; done"],
    [
      "forks in the background, in sessions of their own",
      "for i in 1 2 3 4 5 6; do setsid sh -c 'trap \"\" TERM; while :; do sleep 1; done' & done; echo ready; exec sleep 300",
    ],
    ["floods its output", "yes ready"],
  ])("ends a sandbox that %s, and no restart policy brings it back", async (what, script) => {
    const { id } = await boxes.make(`kill-${what.split(" ")[0]}`, { script });
    const { pid } = await boxes.inPhase(id, "running");
    await boxes.logged(id, "ready");
    const pids = inside(pid ?? 0);
    expect(pids.length).toBeGreaterThan(0);
    await boxes.kill(id, "stopped");
    const after = await boxes.inPhase(id, "stopped");
    expect(alive(pids)).toEqual([]);
    expect(after).toMatchObject({ cause: "killed", reason: expect.stringContaining("Killed as asked"), restarts: 0 });
    const [row] = await boxes.auditOf("sandbox.kill", id);
    expect(row).toMatchObject({ actor: { label: "owner@acme.example" } });
    expect(JSON.stringify(row?.changes)).toContain("it behaves oddly");
  });

  it("ends every sandbox of the node, and says which", async () => {
    const all = [await boxes.make("all-1"), await boxes.make("all-2"), await boxes.make("all-3")];
    for (const { id } of all) await boxes.inPhase(id, "running");
    const told = await sandbox.killAll({
      ctx: boxes.fleet.owner,
      input: { nodeId: boxes.nodeId, reason: "drill", to: "quarantined" },
    });
    expect(told.sandboxes.map((each) => each.name)).toEqual(expect.arrayContaining(["all-1", "all-2", "all-3"]));
    for (const { id } of all) await boxes.inPhase(id, "quarantined");
    expect(await boxes.auditOf("sandbox.killAll", boxes.nodeId)).toHaveLength(1);
  });
});

describe("quarantine", () => {
  it("keeps everything, survives kill -9 of the node agent, and only a release ends it", async () => {
    const { id } = await boxes.make("held", {
      script: "echo evidence > /sandbox/work/found; echo ready; exec sleep 300",
    });
    const first = await boxes.inPhase(id, "running");
    await boxes.logged(id, "ready");
    await boxes.kill(id, "quarantined");
    await boxes.inPhase(id, "quarantined");
    expect(alive([first.pid ?? 0])).toEqual([]);
    for (const verb of ["start", "stop", "restart", "remove"] as const)
      await expect(sandbox[verb]({ ctx: boxes.fleet.owner, input: { sandboxId: id } })).rejects.toMatchObject({
        code: "conflict",
      });
    await boxes.fleet.restartAgent("SIGKILL");
    await boxes.fleet.connected();
    // A plan that arrives now, for another sandbox, does not start it either.
    const other = await boxes.make("beside");
    await boxes.inPhase(other.id, "running");
    expect(await boxes.status(id)).toMatchObject({ phase: "quarantined", pid: null, held: { releases: 0 } });
    expect(boxes.fleet.read(`sandboxes/${id}/workspace/found`)).toBe("evidence\n");
    expect(boxes.fleet.read(`sandboxes/${id}/log`)).toContain("ready");
    await boxes.release(id);
    await boxes.inPhase(id, "stopped");
    expect(await boxes.auditOf("sandbox.release", id)).toHaveLength(1);
    await sandbox.start({ ctx: boxes.fleet.owner, input: { sandboxId: id } });
    await boxes.inPhase(id, "running");
  });

  it("a plan that asks for it to run, without a release, starts nothing: the node holds it by itself", async () => {
    const { id } = await boxes.make("forged");
    await boxes.inPhase(id, "running");
    await boxes.kill(id, "quarantined");
    await boxes.inPhase(id, "quarantined");
    // A database that went bad says "running" as if nothing had been; the count of releases is what it was.
    const { orgId } = boxes.fleet.owner.actor;
    await withOrg(boxes.fleet.owner.db, orgId, (tx) =>
      tx.update(tables.sandboxes).set({ desiredState: "running", endBy: "grace" }).where(eq(tables.sandboxes.id, id)),
    );
    const other = await boxes.make("forged-beside");
    await boxes.inPhase(other.id, "running");
    expect(await boxes.status(id)).toMatchObject({ phase: "quarantined", pid: null });
  });
});
