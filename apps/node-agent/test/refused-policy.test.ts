import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sandbox } from "@creel/core";
import { desc, eq, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive, type Boxes, startBoxes } from "./boxes.ts";
import { policyYaml, until } from "./fleet.ts";

let boxes: Boxes;
beforeAll(async () => {
  boxes = await startBoxes();
});
afterAll(async () => await boxes?.close());

const deny = (yaml: string) => yaml.replace("version: 1\n", "version: 1\nsandbox:\n  on_invalid_policy: quarantine\n");
/** What the verbs refuse to save, put straight into the database: the node must not depend on them. */
async function poison(policyId: string, yaml: string): Promise<void> {
  const { orgId } = boxes.fleet.owner.actor;
  const { policies: p, policyVersions: v } = tables;
  await withOrg(boxes.fleet.owner.db, orgId, async (tx) => {
    const [last] = await tx.select().from(v).where(eq(v.policyId, policyId)).orderBy(desc(v.version)).limit(1);
    if (!last) throw new Error("no such policy");
    const version = last.version + 1;
    await tx.insert(v).values({ ...last, version, yaml });
    await tx.update(p).set({ latestVersion: version }).where(eq(p.id, policyId));
  });
}

describe("a policy that does not hold, sent by a hub or a database that went bad", () => {
  it("leaves the valid one in force, and says so in status and audit; the rest of the plan counts", async () => {
    const { id, policyId } = await boxes.make("keeps", { yaml: policyYaml(["GET"]) });
    const before = await boxes.inPhase(id, "running");
    await poison(policyId, `${policyYaml(["GET", "POST"])}network_polices: {}\n`);
    const other = await boxes.make("keeps-beside");
    await boxes.inPhase(other.id, "running");
    const now = await until(async () => ((await boxes.status(id))?.policyRefused ? boxes.status(id) : null));
    expect(now).toMatchObject({ phase: "running", pid: before.pid, policyDigest: before.policyDigest });
    expect(now.policyRefused).toMatchObject({ outcome: "kept", reason: expect.stringMatching(/line \d+/) });
    expect(await boxes.auditOf("sandbox.policyRefused", id)).toHaveLength(1);
    await poison(policyId, policyYaml(["GET"]));
  });

  it("quarantines the sandbox where its valid policy asks for that; released, it goes on with the valid one", async () => {
    const yaml = deny(policyYaml(["GET"]));
    const { id, policyId } = await boxes.make("holds", { yaml });
    const before = await boxes.inPhase(id, "running");
    // Another policy under the old digest.
    await poison(policyId, deny(policyYaml(["GET", "POST"])));
    const other = await boxes.make("holds-beside");
    await boxes.inPhase(other.id, "running");
    await boxes.inPhase(id, "quarantined");
    expect(alive([before.pid ?? 0])).toEqual([]);
    expect((await boxes.view(id)).desiredState).toBe("quarantined");
    expect(await boxes.auditOf("sandbox.quarantine", id)).toHaveLength(1);
    await boxes.fleet.restartAgent("SIGKILL");
    await boxes.fleet.connected();
    await boxes.inPhase(id, "quarantined");
    await boxes.release(id);
    await boxes.inPhase(id, "stopped");
    await sandbox.start({ ctx: boxes.fleet.owner, input: { sandboxId: id } });
    expect(await boxes.inPhase(id, "running")).toMatchObject({ policyDigest: before.policyDigest });
    await poison(policyId, yaml);
  });
});

describe("a damaged plan on disk", () => {
  it("removes nothing: what runs goes on, cut off, until the hub has sent the plan again", async () => {
    const { id } = await boxes.make("damaged");
    const { pid } = await boxes.inPhase(id, "running");
    await boxes.fleet.restartAgent("SIGKILL", async () => {
      const path = join(boxes.fleet.nodeDir, "desired.json");
      writeFileSync(path, readFileSync(path, "utf8").slice(0, 50));
    });
    await boxes.fleet.connected();
    expect(await boxes.inPhase(id, "running")).toMatchObject({ pid });
    expect(existsSync(join(boxes.fleet.nodeDir, "sandboxes", id, "workspace"))).toBe(true);
  });
});
