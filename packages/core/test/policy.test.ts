import { randomUUID } from "node:crypto";
import { compilePolicy, parsePolicy } from "@creel/policy";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audit, CreelError, decision, policy, sandbox } from "../src/index.ts";
import { replayStored } from "../src/policy/replay.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, POLICY, type TestNode, type TestOrg } from "./support/fleet.ts";
import { entry } from "./support/journal.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let sandboxId: string;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
  const agent = { plugin: "command" as const, command: ["true"] };
  const input = { name: "demo", nodeId: host.nodeId, policyId: acme.policyId, agent };
  sandboxId = (await sandbox.create({ ctx: fleet.ctx(acme.as("owner")), input })).id;
});
afterAll(async () => await fleet?.close());

const owner = () => fleet.ctx(acme.as("owner"));
const withTest = (expected: string) => `${POLICY}tests:
  - name: nobody deletes
    request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: DELETE, path: /api/tickets/1 }
    expect: ${expected}
  - name: reading works
    request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: GET, path: /api/tickets }
    expect: allow
    rule: tickets
`;

const refusalOf = async (work: Promise<unknown>): Promise<CreelError> => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CreelError)) throw new Error(`no refusal but ${String(error)}`);
  return error;
};

describe("a version whose tests fail cannot be proposed", () => {
  test("saving is refused with the failing tests by name, place and outcome, and leaves nothing behind", async () => {
    const before = await policy.get({ ctx: owner(), input: { policyId: acme.policyId } });
    const rows = (await audit.list({ ctx: owner(), input: {} })).items.length;
    const input = { policyId: acme.policyId, yaml: withTest("allow"), baseVersion: before.latestVersion };
    const error = await refusalOf(policy.saveVersion({ ctx: owner(), input }));
    expect(error.code).toBe("policy_invalid");
    expect(error.publicMessage).toContain("1 of 2 fail");
    expect(error.publicMessage).toContain("nobody deletes");
    expect(error.details).toMatchObject({
      failedTests: [{ index: 0, name: "nobody deletes", expected: { decision: "allow" }, got: { decision: "deny" } }],
      problems: [{ code: "test_failed", severity: "error", place: { line: 14 } }],
    });
    expect(await policy.get({ ctx: owner(), input: { policyId: acme.policyId } })).toEqual(before);
    expect((await audit.list({ ctx: owner(), input: {} })).items).toHaveLength(rows);
  });

  test("a first version is held to its tests as well", async () => {
    const name = `p-${randomUUID().slice(0, 8)}`;
    const error = await refusalOf(policy.create({ ctx: owner(), input: { name, yaml: withTest("allow") } }));
    expect(error.code).toBe("policy_invalid");
    const made = applied(await policy.create({ ctx: owner(), input: { name, yaml: withTest("deny") } }));
    expect(made.latestVersion).toBe(1);
  });

  test("a test of another rule than the one that decides fails too", async () => {
    const yaml = withTest("deny").replace("rule: tickets", "rule: other");
    const error = await refusalOf(policy.create({ ctx: owner(), input: { name: "wrong-rule", yaml } }));
    expect(error.publicMessage).toContain("reading works");
  });
});

describe("lint", () => {
  test("answers what a reviewer may have missed, and failing tests as errors", async () => {
    const shell = POLICY.replace("/usr/bin/curl", "/bin/bash");
    const warned = await policy.lint({ ctx: owner(), input: { yaml: shell } });
    expect(warned.ok).toBe(true);
    expect(warned.problems.map(({ severity }) => severity)).toContain("warning");
    const failing = await policy.lint({ ctx: owner(), input: { yaml: withTest("allow") } });
    expect(failing).toMatchObject({ ok: false, problems: [{ code: "test_failed", severity: "error" }] });
    expect((await policy.lint({ ctx: owner(), input: { yaml: "nonsense: 1" } })).digest).toBeNull();
  });
});

describe("why a decision was made", () => {
  const record = async (fields: Record<string, unknown>): Promise<string> => {
    const line = entry(randomUUID(), 0, sandboxId);
    if (line.type !== "decision") throw new Error("not a decision");
    Object.assign(line.record, fields);
    await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries: [line] } });
    return (await decision.list({ ctx: owner(), input: { limit: 1 } })).items[0]?.id ?? "";
  };
  const digestOfVersion1 = async () =>
    (await policy.getVersion({ ctx: owner(), input: { policyId: acme.policyId, version: 1 } })).digest;

  test("is told by the version that made it, not by the newest", async () => {
    const policyDigest = await digestOfVersion1();
    const fields = { host: "tickets.creel.example", path: "/api/tickets", rule: "tickets", policyDigest };
    const denied = await record({ ...fields, method: "POST" });
    const { latestVersion } = await policy.get({ ctx: owner(), input: { policyId: acme.policyId } });
    const wider = POLICY.replace("method: GET", 'method: "*"');
    const input = { policyId: acme.policyId, yaml: wider, baseVersion: latestVersion };
    const saved = applied(await policy.saveVersion({ ctx: owner(), input }));
    const told = await policy.explain({ ctx: owner(), input: { decisionId: denied } });
    expect(told).toMatchObject({
      policy: { version: 1, latestVersion: saved.version, name: "demo" },
      unexplained: null,
      agrees: true,
      explanation: { decision: { decision: "deny" } },
      newest: { policyId: acme.policyId, policyName: "demo", version: saved.version, allows: true, unturnable: null },
    });
    expect(told.explanation?.steps.length).toBeGreaterThan(1);
    expect(told.explanation?.turn?.lines.some(({ kind }) => kind === "added")).toBe(true);
    const line = told.explanation?.deciding?.line;
    if (line !== undefined) expect(told.excerpt.map((each) => each.line)).toContain(line);
  });

  test("says so where judging again does not give what was recorded", async () => {
    const policyDigest = await digestOfVersion1();
    const odd = await record({
      host: "tickets.creel.example",
      method: "GET",
      path: "/api/x",
      rule: null,
      policyDigest,
    });
    const told = await policy.explain({ ctx: owner(), input: { decisionId: odd } });
    expect(told).toMatchObject({ agrees: false, newest: null, explanation: { decision: { decision: "allow" } } });
  });

  test("says where no policy of the present could allow it", async () => {
    const policyDigest = await digestOfVersion1();
    const metadata = await record({ host: "169.254.169.254", port: 80, path: "/latest", rule: null, policyDigest });
    const told = await policy.explain({ ctx: owner(), input: { decisionId: metadata } });
    expect(told.newest).toMatchObject({ allows: false, unturnable: expect.stringContaining("No policy file") });
  });

  test("is not made up where the record does not suffice", async () => {
    const policyDigest = await digestOfVersion1();
    for (const [fields, words] of [
      [{ kind: "dns", method: null, path: null, policyDigest }, "looked up"],
      [{ binary: null, policyDigest }, "vouched"],
      [{ policyDigest: `sha256:${"9".repeat(64)}` }, "No saved version"],
    ] as const) {
      const told = await policy.explain({ ctx: owner(), input: { decisionId: await record(fields) } });
      expect(told.explanation).toBeNull();
      expect(told.unexplained).toContain(words);
    }
  });
});

describe("replay", () => {
  const DAY_MS = 24 * 60 * 60 * 1000;
  const made = async (hostName: string) => {
    const name = `r-${randomUUID().slice(0, 8)}`;
    const yaml = POLICY.replace("tickets.creel.example", hostName);
    const { id } = applied(await policy.create({ ctx: owner(), input: { name, yaml } }));
    const agent = { plugin: "command" as const, command: ["true"] };
    const input = { name, nodeId: host.nodeId, policyId: id, agent };
    return { policyId: id, yaml, sandboxId: (await sandbox.create({ ctx: owner(), input })).id };
  };
  const journal = async (sandboxOf: string, lines: readonly Record<string, unknown>[]) => {
    const boot = randomUUID();
    const entries = lines.map((fields, seq) => {
      const line = entry(boot, seq, sandboxOf);
      if (line.type === "decision") Object.assign(line.record, fields);
      return line;
    });
    await decision.ingest({ ctx: fleet.ctx(host.actor), input: { entries } });
  };
  const allowed = { host: "a.creel.example", method: "GET", path: "/api/x", decision: "allow", rule: "tickets" };

  test("tells what would have been denied and what let through, for the policy's own sandboxes alone", async () => {
    const mine = await made("a.creel.example");
    const other = await made("b.creel.example");
    await journal(mine.sandboxId, [
      allowed,
      { ...allowed, path: "/api/y" },
      { ...allowed, method: "POST", decision: "deny", reason: "Entry `tickets` does not allow POST /api/x." },
    ]);
    await journal(other.sandboxId, [{ ...allowed, host: "b.creel.example" }]);
    const yaml = mine.yaml.replace("method: GET", "method: POST");
    const told = await policy.replay({ ctx: owner(), input: { policyId: mine.policyId, yaml } });
    expect(told).toMatchObject({ total: 3, broken: 2, opened: 1, unchanged: 0, truncated: false });
    const same = await policy.replay({ ctx: owner(), input: { policyId: mine.policyId, yaml: mine.yaml } });
    expect(same).toMatchObject({ total: 3, broken: 0, opened: 0, unchanged: 3 });
  });

  test("looks no further back than it was asked to", async () => {
    const mine = await made("c.creel.example");
    const now = fleet.clock.now.getTime();
    const at = (days: number) => ({
      ...allowed,
      host: "c.creel.example",
      time: new Date(now - days * DAY_MS).toISOString(),
    });
    await journal(mine.sandboxId, [at(0.5), at(2), at(6)]);
    const within = async (days: number) =>
      (await policy.replay({ ctx: owner(), input: { policyId: mine.policyId, yaml: mine.yaml, days } })).total;
    expect([await within(1), await within(3), await within(7)]).toEqual([1, 2, 3]);
  });

  test("looks back a month and no further, at the newest requests and no more than its bound", async () => {
    const mine = await made("e.creel.example");
    const input = { policyId: mine.policyId, yaml: mine.yaml };
    expect((await policy.replay({ ctx: owner(), input: { ...input, days: 31 } })).truncated).toBe(false);
    expect((await refusalOf(policy.replay({ ctx: owner(), input: { ...input, days: 32 } }))).code).toBe(
      "invalid_input",
    );
    const now = fleet.clock.now.getTime();
    const at = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
    await journal(
      mine.sandboxId,
      [3, 2, 1].map((minutes) => ({ ...allowed, host: "e.creel.example", time: at(minutes) })),
    );
    const { policy: parsed } = parsePolicy(mine.yaml);
    if (parsed === null) throw new Error("the test's policy is not valid");
    const tried = (rowsMax: number, pageRows: number) =>
      replayStored(owner(), {
        orgId: acme.orgId,
        policyId: mine.policyId,
        after: compilePolicy(parsed),
        since: new Date(now - DAY_MS),
        rowsMax,
        pageRows,
      });
    for (const pageRows of [1, 2, 3, 10]) {
      expect(await tried(2, pageRows)).toMatchObject({ total: 2, truncated: true, since: at(2) });
      expect(await tried(3, pageRows)).toMatchObject({ total: 3, truncated: false, since: at(24 * 60) });
    }
  });

  test("reads on past a page", async () => {
    const mine = await made("d.creel.example");
    const lines = Array.from({ length: 500 }, () => ({ ...allowed, host: "d.creel.example" }));
    for (let batch = 0; batch < 5; batch++) await journal(mine.sandboxId, lines);
    const told = await policy.replay({ ctx: owner(), input: { policyId: mine.policyId, yaml: mine.yaml } });
    expect(told.total).toBe(2_500);
  });

  test("refuses a text with errors, and a policy of somebody else", async () => {
    const input = { policyId: acme.policyId, yaml: "nonsense: 1" };
    expect((await refusalOf(policy.replay({ ctx: owner(), input }))).code).toBe("policy_invalid");
    const globex = await makeOrg(fleet, "globex");
    const theirs = { ctx: fleet.ctx(globex.as("owner")), input: { policyId: acme.policyId, yaml: POLICY } };
    expect((await refusalOf(policy.replay(theirs))).code).toBe("not_found");
  });
});
