import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy, policyDigest } from "@creel/policy";
import { type DesiredState, limitsSchema } from "@creel/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { judgeDesired, loadDesired, saveDesired } from "../src/desired-store.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-desired-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const YAML = "version: 1\n";
const digest = policyDigest(
  parsePolicy(YAML).policy ??
    (() => {
      throw new Error("the test's policy must parse");
    })(),
);
const state = (
  generation: number,
  change: Partial<DesiredState["sandboxes"][number]["policy"]> = {},
): DesiredState => ({
  planId: randomUUID(),
  generation,
  parent: generation - 1,
  sandboxes: [
    {
      id: randomUUID(),
      name: "demo",
      state: "running",
      incarnation: 0,
      agent: { plugin: "command", command: ["true"] },
      restart: { policy: "never", delayMs: 0 },
      limits: limitsSchema.parse({}),
      policy: { digest, version: 1, yaml: YAML, ...change },
    },
  ],
});

describe("a plan offered to the node", () => {
  it("is accepted when it is newer and every policy is what it claims", () => {
    expect(judgeDesired(state(2), state(1))).toMatchObject({ ok: true });
    expect(judgeDesired(state(1), null)).toMatchObject({ ok: true });
  });
  it("replay of an older generation is refused", () => {
    expect(judgeDesired(state(1), state(2))).toMatchObject({ ok: false, reason: expect.stringContaining("older") });
  });
  it("a second plan with the generation in force is refused; the same plan again is not", () => {
    const inForce = state(2);
    expect(judgeDesired(state(2), inForce)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("another plan"),
    });
    expect(judgeDesired(inForce, inForce)).toMatchObject({ ok: true });
  });
  it("a policy swapped under its digest is refused", () => {
    const swapped = state(2, { digest: `sha256:${"0".repeat(64)}` });
    expect(judgeDesired(swapped, null)).toMatchObject({ ok: false, reason: expect.stringContaining("has the digest") });
  });
  it("a policy that does not parse is refused with its place", () => {
    const broken = state(2, { yaml: "version: 1\nnetwork_policies: 7\n" });
    expect(judgeDesired(broken, null)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/line \d+, column \d+/),
    });
  });
  it("is kept on disk for its owner's eyes alone and read back checked", async () => {
    const path = join(dir, "desired.json");
    const kept = state(3);
    await saveDesired(path, kept);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await loadDesired(path))?.state).toEqual(kept);
    await saveDesired(path, state(4, { digest: `sha256:${"0".repeat(64)}` }));
    await expect(loadDesired(path)).rejects.toThrow("does not hold");
    expect(await loadDesired(join(dir, "none.json"))).toBeNull();
  });
});
