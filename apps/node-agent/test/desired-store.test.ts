import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parsePolicy, policyDigest } from "@creel/policy";
import { type DesiredState, desiredStateSchema, limitsSchema } from "@creel/protocol";
import { afterAll, describe, expect, it } from "vitest";
import { type AcceptedState, judgeDesired, loadDesired, refusalSentence, saveDesired } from "../src/desired-store.ts";
import { hostCannot } from "../src/host-cannot.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-desired-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const digestOf = (yaml: string): string => {
  const { policy } = parsePolicy(yaml);
  if (!policy) throw new Error("the test's policy must parse");
  return policyDigest(policy);
};
const YAML = "version: 1\n";
const HOLDING = "version: 1\nsandbox:\n  on_invalid_policy: quarantine\n";
const WRONG_DIGEST = `sha256:${"0".repeat(64)}`;
const id = randomUUID();
type Sandbox = DesiredState["sandboxes"][number];
const sandbox = (change: Partial<Sandbox["policy"]> = {}, own: Partial<Sandbox> = {}): Sandbox => ({
  id,
  name: "demo",
  state: "running",
  incarnation: 0,
  agent: { plugin: "command", command: ["true"] },
  restart: { policy: "never", delayMs: 0 },
  limits: limitsSchema.parse({}),
  policy: { digest: digestOf(YAML), version: 1, yaml: YAML, ...change },
  ...own,
});
const plan = (generation: number, ...sandboxes: Sandbox[]): DesiredState => ({
  planId: randomUUID(),
  generation,
  parent: generation - 1,
  sandboxes: sandboxes.length > 0 ? sandboxes : [sandbox()],
});
const accept = (state: DesiredState, inForce: AcceptedState | null = null): AcceptedState => {
  const judged = judgeDesired(state, { inForce });
  if (!judged.ok) throw new Error(judged.reason);
  return judged.accepted;
};
const of = (yaml: string) => ({ yaml, digest: digestOf(yaml) });

/** What a hub that went bad, or a slip, may send in place of a policy. */
const invalid: [string, Partial<Sandbox["policy"]>, RegExp][] = [
  ["does not parse", { yaml: "version: 1\nnetwork_policies: 7\n" }, /line \d+, column \d+/],
  ["is empty", { yaml: "" }, /does not parse/],
  ["is another one than its digest says", { digest: WRONG_DIGEST }, /has the digest/],
  ["is no YAML at all", { yaml: "{[}" }, /line \d+/],
  [
    "has a field nobody knows, which may be the one that tightens it",
    { yaml: "version: 1\nnetwork_polices: {}\n" },
    /line 2/,
  ],
];

describe("a plan offered to the node", () => {
  it("is accepted when it is newer and every policy is what it claims", () => {
    expect(judgeDesired(plan(2), { inForce: accept(plan(1)) })).toMatchObject({ ok: true });
    expect(judgeDesired(plan(1), { inForce: null })).toMatchObject({ ok: true });
  });
  it("replay of an older generation is refused", () => {
    const judged = judgeDesired(plan(1), { inForce: accept(plan(2)) });
    expect(judged).toMatchObject({ ok: false, reason: expect.stringContaining("older") });
  });
  it("a second plan with the generation in force is refused; the same plan again is not", () => {
    const inForce = accept(plan(2));
    const other = judgeDesired(plan(2), { inForce });
    expect(other).toMatchObject({ ok: false, reason: expect.stringContaining("another plan") });
    expect(judgeDesired(inForce.state, { inForce })).toMatchObject({ ok: true });
  });
  it("a plan that names one sandbox twice is refused", () => {
    expect(judgeDesired(plan(1, sandbox(), sandbox()), { inForce: null })).toMatchObject({ ok: false });
  });
  it("an old plan, without what was added since, still parses and means what it did", () => {
    const { sandboxes } = desiredStateSchema.parse(plan(1));
    expect(sandboxes[0]).not.toHaveProperty("end");
    expect(sandboxes[0]?.limits).not.toHaveProperty("lifetimeSecondsMax");
  });
});

describe.each(invalid)("a policy that %s", (_what, change, reason) => {
  it("never takes the place of a valid one, which stays in force", () => {
    const inForce = accept(plan(1));
    const next = accept(plan(2, sandbox({ version: 2, ...change })), inForce);
    expect(next.state.sandboxes[0]?.policy).toEqual(inForce.state.sandboxes[0]?.policy);
    expect(next.policies.get(id)).toEqual(inForce.policies.get(id));
    expect(next.refused.get(id)).toMatchObject({ version: 2, outcome: "kept", reason: expect.stringMatching(reason) });
    expect(refusalSentence(next)).toMatch(/demo \(version 2\) was refused, the last valid one stays in force/);
  });
  it("keeps the valid one through any number of further plans, and gives way to the next valid one", () => {
    let inForce = accept(plan(1));
    for (const generation of [2, 3, 4]) inForce = accept(plan(generation, sandbox({ version: 2, ...change })), inForce);
    expect(inForce.state.sandboxes[0]?.policy.version).toBe(1);
    const healed = accept(plan(5, sandbox({ version: 3, ...of(HOLDING) })), inForce);
    expect(healed.refused.size).toBe(0);
    expect(healed.state.sandboxes[0]?.policy.version).toBe(3);
  });
  it("has its sandbox held when the valid one asks for that; the invalid one has no say", () => {
    const inForce = accept(plan(1, sandbox(of(HOLDING))));
    const next = accept(plan(2, sandbox({ version: 2, ...change })), inForce);
    expect(next.refused.get(id)?.outcome).toBe("quarantined");
    expect(next.state.sandboxes[0]?.policy.yaml).toBe(HOLDING);
  });
  it("leaves a sandbox that never had a valid one without any, and the others of its plan alone", () => {
    const other = randomUUID();
    const next = accept(plan(1, sandbox(change), sandbox({}, { id: other, name: "other" })));
    expect(next.refused.get(id)?.outcome).toBe("none");
    expect([...next.policies.keys()]).toEqual([other]);
  });
});

describe("a policy that this host cannot hold", () => {
  const HARD = "version: 1\nlandlock:\n  compatibility: hard_requirement\n";
  it("is refused with the layer and the remedy, and the valid one stays", () => {
    const remedy = "Boot with landlock in the LSM list.";
    const layers = [{ id: "landlock", title: "Landlock", state: "missing" as const, detail: "", remedy }];
    const cannot = hostCannot({ kernel: "6.1", arch: "x64", landlockAbi: 0, layers });
    const inForce = accept(plan(1));
    const judged = judgeDesired(plan(2, sandbox({ version: 2, ...of(HARD) })), { inForce, hostCannot: cannot });
    expect(judged.ok && judged.accepted.refused.get(id)).toMatchObject({
      outcome: "kept",
      reason: expect.stringMatching(/^landlock: .*Boot with landlock/),
    });
    const able = hostCannot({ kernel: "6.1", arch: "x64", landlockAbi: 7, layers: [] });
    expect(judgeDesired(plan(2, sandbox(of(HARD))), { inForce, hostCannot: able })).toMatchObject({ ok: true });
  });
});

describe("the plan on disk", () => {
  const path = join(dir, "desired.json");
  it("is for its owner's eyes alone and is read back checked, with what was refused", async () => {
    const kept = accept(plan(4, sandbox({ version: 2, digest: WRONG_DIGEST })), accept(plan(3)));
    await saveDesired(path, kept);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const loaded = await loadDesired(path);
    expect(loaded).toMatchObject({ whole: true, accepted: { state: kept.state, refused: kept.refused } });
    expect(loaded?.accepted.policies.get(id)).toEqual(kept.policies.get(id));
    expect(await loadDesired(join(dir, "none.json"))).toBeNull();
  });
  it("altered on disk, a policy is not used, and the hub is asked for the plan again", async () => {
    await saveDesired(path, accept(plan(5)));
    writeFileSync(path, readFileSync(path, "utf8").replace(digestOf(YAML), WRONG_DIGEST));
    const loaded = await loadDesired(path);
    expect(loaded?.whole).toBe(false);
    expect(loaded?.accepted.refused.get(id)?.outcome).toBe("none");
    expect(loaded?.accepted.policies.has(id)).toBe(false);
  });
  it("of an earlier version is read", async () => {
    writeFileSync(path, JSON.stringify(plan(6)));
    expect((await loadDesired(path))?.accepted.state.generation).toBe(6);
  });
  it("cut in half is an error, not an empty plan that would remove every sandbox", async () => {
    writeFileSync(path, JSON.stringify(plan(7)).slice(0, 100));
    await expect(loadDesired(path)).rejects.toThrow();
  });
});
