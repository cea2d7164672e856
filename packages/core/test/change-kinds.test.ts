import { approvalSpecSchema } from "@creel/approvals";
import { tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  approvalPolicy,
  auth,
  change,
  grant,
  invitation,
  node,
  type Outcome,
  policy,
  role,
  sandbox,
  secret,
  serviceAccount,
  team,
  token,
} from "../src/index.ts";
import { applied } from "./support/applied.ts";
import {
  type Fleet,
  makeNode,
  makeOrg,
  openFleet,
  POLICY,
  system,
  type TestNode,
  type TestOrg,
} from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let host: TestNode;
let ada: TestPerson;
let ben: TestPerson;
let count = 0;
const agent = { plugin: "command" as const, command: ["true"] };
/** Longer than what a broken glass applied may last. */
const DAY_MS = 24 * 60 * 60 * 1000;
const reason = "production is down and nobody answers";
const owner = () => fleet.ctx(acme.as("owner"));
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const unique = (word: string): string => `${word}-${++count}`;
const person = async (name: string, as: Parameters<typeof addPerson>[2]["role"]): Promise<TestPerson> =>
  await addPerson(fleet, acme, { name: unique(name), role: as });

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  host = await makeNode(fleet, acme, "host-1");
});
afterAll(async () => await fleet?.close());
beforeEach(async () => {
  await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ removedAt: fleet.clock.now }));
  [ada, ben] = [await person("ada", "security_admin"), await person("ben", "approver")];
});

/** One approver decides what this selects. */
async function enforce(selector: object, mode: "enforce" | "evaluate" = "enforce"): Promise<string> {
  const spec = approvalSpecSchema.parse({ selector, steps: [{ atLeast: 1, of: [{ permission: "change:approve" }] }] });
  return applied(await approvalPolicy.save({ ctx: owner(), input: { name: unique("rule"), mode, spec } })).policyId;
}
interface Ballot {
  changeId: string;
  digest: string;
}
async function proposed(outcome: Outcome<object>): Promise<Ballot> {
  if (outcome.outcome !== "proposed") throw new Error("it was applied");
  const { digest } = await seen(outcome.changeId);
  return { changeId: outcome.changeId, digest };
}
const seen = async (changeId: string) => await change.get({ ctx: owner(), input: { changeId } });
const vote = async (who: TestPerson, ballot: Ballot) =>
  await change.vote({ ctx: await ctxOf(who), input: { ...ballot, verdict: "approve" } });
const forbidden = (words: string) => ({ code: "forbidden", message: expect.stringContaining(words) });
const box = async (more: object = {}): Promise<string> => {
  const input = { name: unique("box"), nodeId: host.nodeId, policyId: acme.policyId, agent, ...more };
  return (await sandbox.create({ ctx: owner(), input })).id;
};
const kept = async (): Promise<string> =>
  (await secret.create({ ctx: owner(), input: { name: `S_${++count}`, value: "a value of the test" } })).id;

/** What each kind needs: something to propose, what moves its base, and whether it has come true. */
interface Kind {
  selects: string;
  /** What it says to whoever breaks the glass on it, where it is no kind for that. */
  refusesGlass?: RegExp;
  propose(): Promise<{
    ask: () => Promise<Outcome<object>>;
    move: () => Promise<unknown>;
    done: () => Promise<boolean>;
  }>;
}
const kinds: Record<string, Kind> = {
  secret_binding: {
    selects: "secret_binding",
    propose: async () => {
      const [secretId, sandboxId] = [await kept(), await box()];
      const bind = async (who: TestPerson) =>
        await secret.bind({ ctx: await ctxOf(who), input: { secretId, sandboxId } });
      const one = () => bind(ada);
      const done = async () => (await secret.get({ ctx: owner(), input: { secretId } })).bound.length > 0;
      return { ask: one, done, move: async () => await secret.remove({ ctx: owner(), input: { secretId } }) };
    },
  },
  role_grant: {
    selects: "role_grant",
    propose: async () => {
      const { userId } = await person("vic", "viewer");
      const input = { userId, role: "auditor" as const };
      const done = async () =>
        (await grant.list({ ctx: owner(), input: {} })).items.some(
          (held) => held.subject.id === userId && held.role === "auditor",
        );
      const held = async () =>
        (await grant.list({ ctx: owner(), input: {} })).items.find((g) => g.subject.id === userId);
      return {
        ask: async () => await grant.give({ ctx: await ctxOf(ada), input }),
        done,
        move: async () => await grant.end({ ctx: owner(), input: { grantId: (await held())?.id ?? "" } }),
      };
    },
  },
  policy_create: {
    selects: "policy_version",
    refusesGlass: /makes no policy/,
    propose: async () => {
      const name = unique("fresh");
      const input = { name, yaml: POLICY };
      const all = async () =>
        (await policy.list({ ctx: owner(), input: {} })).items.filter((each) => each.name === name);
      // Taken by one that nobody had to approve.
      const take = async () => {
        await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "evaluate" }));
        await policy.create({ ctx: owner(), input: { name, yaml: POLICY.replace("GET", "HEAD") } });
        await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "enforce" }));
      };
      return {
        ask: async () => await policy.create({ ctx: await ctxOf(ada), input }),
        done: async () => (await all()).length > 0,
        move: take,
      };
    },
  },
  policy_labels: {
    selects: "policy_version",
    refusesGlass: /moves none/,
    propose: async () => {
      const name = unique("labelled");
      await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "evaluate" }));
      const { id: policyId } = applied(await policy.create({ ctx: owner(), input: { name, yaml: POLICY } }));
      await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "enforce" }));
      const save = async () => {
        await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "evaluate" }));
        const yaml = POLICY.replace("GET", "HEAD");
        await policy.saveVersion({ ctx: owner(), input: { policyId, yaml, baseVersion: 1 } });
        await withOrg(fleet.db, acme.orgId, (tx) => tx.update(tables.approvalPolicies).set({ mode: "enforce" }));
      };
      return {
        ask: async () =>
          await policy.setLabels({ ctx: await ctxOf(ada), input: { policyId, labels: { env: "prod" } } }),
        done: async () => "env" in (await policy.get({ ctx: owner(), input: { policyId } })).labels,
        move: save,
      };
    },
  },
};

describe.each(Object.entries(kinds))("a change of kind %s", (kind, { selects, refusesGlass, propose }) => {
  test("is applied at once where nothing selects it, and is a change all the same", async () => {
    const { ask, done } = await propose();
    const { changeId } = applied(await ask());
    expect(await done()).toBe(true);
    expect(await seen(changeId)).toMatchObject({ kind, state: "applied", author: { label: ada.email } });
  });

  test("waits for its approval, which its author cannot give, and says what it does", async () => {
    await enforce({ kinds: [selects] });
    const { ask, done } = await propose();
    const ballot = await proposed(await ask());
    expect(await done()).toBe(false);
    await expect(vote(ada, ballot)).rejects.toMatchObject(forbidden("You proposed"));
    const { says, policy: text } = await change.impact({ ctx: owner(), input: { changeId: ballot.changeId } });
    expect(says.length > 0 || text !== null).toBe(true);
    expect(await vote(ben, ballot)).toMatchObject({ state: "applied" });
    expect(await done()).toBe(true);
  });

  test("is superseded when what it stands on has moved", async () => {
    await enforce({ kinds: [selects] });
    const { ask, move } = await propose();
    const ballot = await proposed(await ask());
    await move();
    const after = await vote(ben, ballot).catch((error: { code: string }) => ({ state: error.code }));
    expect(["superseded", "conflict"]).toContain(after.state);
    expect((await seen(ballot.changeId)).state).toBe("superseded");
  });

  test("is applied in an emergency by breaking the glass, or says why not", async () => {
    await enforce({ kinds: [selects] });
    const { ask, done } = await propose();
    const ballot = await proposed(await ask());
    const eve = await person("eve", "owner");
    const input = { ...ballot, reason };
    const breaking = change.breakGlass({ ctx: await ctxOf(eve), input });
    if (refusesGlass === undefined) expect(await breaking).toMatchObject({ state: "applied" });
    else await expect(breaking).rejects.toMatchObject({ message: expect.stringMatching(refusesGlass) });
    expect(await done()).toBe(refusesGlass === undefined);
  });
});

describe("what was applied by breaking the glass", () => {
  test.each(["secret_binding", "role_grant"])("is taken back at its end: %s", async (name) => {
    const kind = kinds[name];
    if (kind === undefined) throw new Error(name);
    await enforce({ kinds: [kind.selects] });
    const found = await kind.propose();
    const ballot = await proposed(await found.ask());
    const eve = await person("eve", "owner");
    await change.breakGlass({ ctx: await ctxOf(eve), input: { ...ballot, reason } });
    expect(await found.done()).toBe(true);
    const before = fleet.clock.now;
    fleet.clock.now = new Date(before.getTime() + DAY_MS);
    expect(await change.sweep({ ctx: fleet.ctx(system), input: {} })).toMatchObject({ failed: [] });
    expect(await found.done()).toBe(false);
    expect((await seen(ballot.changeId)).review).toMatchObject({ endedHow: "taken_back" });
    fleet.clock.now = before;
  });
});

describe("what its author may not give any more", () => {
  test.each(["secret_binding", "role_grant"])("is not applied: %s", async (name) => {
    await enforce({ kinds: [name] });
    const found = await kinds[name]?.propose();
    if (found === undefined) throw new Error(name);
    const ballot = await proposed(await found.ask());
    await ada.demote();
    expect(await vote(ben, ballot)).toMatchObject({ state: "failed" });
    expect(await found.done()).toBe(false);
  });
});

describe("a role that is given", () => {
  test("is never approved by whom it is for: the person, the people of the team, whoever made the account's key", async () => {
    await enforce({ kinds: ["role_grant"] });
    const mine = await proposed(
      await grant.give({ ctx: await ctxOf(ada), input: { userId: ben.userId, role: "viewer", hours: 1 } }),
    );
    await expect(vote(ben, mine)).rejects.toMatchObject(forbidden("gives you something"));
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("team") } });
    await team.addMember({ ctx: owner(), input: { teamId, userId: ben.userId } });
    const ours = await proposed(await grant.give({ ctx: await ctxOf(ada), input: { teamId, role: "viewer" } }));
    await expect(vote(ben, ours)).rejects.toMatchObject(forbidden("gives you something"));
    const { id: serviceAccountId } = await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } });
    const carl = await person("carl", "owner");
    const key = { name: "k", role: "viewer" as const, serviceAccountId };
    await token.create({ ctx: await ctxOf(carl), input: key });
    const its = await proposed(
      await grant.give({ ctx: await ctxOf(ada), input: { serviceAccountId, role: "viewer" } }),
    );
    await expect(vote(carl, its)).rejects.toMatchObject(forbidden("gives you something"));
    expect(await vote(ben, its)).toMatchObject({ state: "applied" });
  });

  test("to a team is superseded when somebody joins the team meanwhile, so that no voter walks in afterwards", async () => {
    await enforce({ kinds: ["role_grant"] });
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("team") } });
    const ballot = await proposed(await grant.give({ ctx: await ctxOf(ada), input: { teamId, role: "approver" } }));
    await team.addMember({ ctx: owner(), input: { teamId, userId: ben.userId } });
    expect(await vote(ben, ballot)).toMatchObject({ state: "superseded" });
  });

  test("is selected by labels also where its scope does not name them, and over the whole organization", async () => {
    await enforce({ kinds: ["role_grant"], labels: { env: ["prod"] } });
    const { userId } = await person("vic", "viewer");
    const give = async (scope?: Record<string, string[]>) => {
      const input = { userId, role: "approver" as const, ...(scope === undefined ? {} : { scope }) };
      return (await grant.give({ ctx: await ctxOf(ada), input })).outcome;
    };
    expect(await give({ env: ["staging"] })).toBe("applied");
    expect(await give({ team: ["pay"] })).toBe("proposed");
    expect(await give({ env: ["prod", "staging"] })).toBe("proposed");
    expect(await give()).toBe("proposed");
  });

  test("goes round no rule by an invitation, a team, or a role that grows, and is taken away at once", async () => {
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("team") } });
    await grant.give({ ctx: owner(), input: { teamId, role: "operator" } });
    const own = await role.create({ ctx: owner(), input: { name: unique("own"), permissions: ["node:read"] } });
    const { userId } = await person("vic", "viewer");
    const held = applied(await grant.give({ ctx: owner(), input: { userId, role: own.id } }));
    const sent = { email: `${unique("new")}@acme.example`, role: "operator" as const };
    const open = await invitation.create({ ctx: owner(), input: sent });
    await enforce({ kinds: ["role_grant"], riskAtLeast: "medium" });
    const email = `${unique("new")}@acme.example`;
    const asks = forbidden("asks approvals for that");
    await expect(invitation.create({ ctx: owner(), input: { email, role: "operator" } })).rejects.toMatchObject(asks);
    await expect(invitation.create({ ctx: owner(), input: { email, teamId } })).rejects.toMatchObject(asks);
    await expect(team.addMember({ ctx: owner(), input: { teamId, userId } })).rejects.toMatchObject(asks);
    const grown = { roleId: own.id, permissions: ["node:read" as const, "node:update" as const] };
    await expect(role.update({ ctx: owner(), input: grown })).rejects.toMatchObject(asks);
    const password = "a long enough password";
    await expect(
      invitation.accept({ ctx: fleet.ctx(null), input: { token: open.token, password } }),
    ).rejects.toMatchObject({ code: "not_found" });
    await invitation.create({ ctx: owner(), input: { email, role: "viewer" } });
    await grant.end({ ctx: owner(), input: { grantId: held.id } });
  });

  test("by a key of a service account is given only while the account holds it", async () => {
    await enforce({ kinds: ["role_grant"] });
    const { id: serviceAccountId } = await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } });
    const first = await proposed(
      await grant.give({ ctx: owner(), input: { serviceAccountId, role: "security_admin", hours: 8 } }),
    );
    expect(await vote(ben, first)).toMatchObject({ state: "applied" });
    const made = await token.create({ ctx: owner(), input: { name: "k", role: "security_admin", serviceAccountId } });
    const robot = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
    const { userId } = await person("vic", "viewer");
    const ask = async () =>
      await proposed(await grant.give({ ctx: fleet.ctx(robot), input: { userId, role: "approver", hours: 1 } }));
    expect(await vote(ben, await ask())).toMatchObject({ state: "applied" });
    const late = await ask();
    await serviceAccount.disable({ ctx: owner(), input: { serviceAccountId } });
    expect(await vote(ben, late)).toMatchObject({ state: "failed" });
  });
});

describe("a secret that is bound", () => {
  test("by labels is selected by every label that those sandboxes could ever carry", async () => {
    await enforce({ kinds: ["secret_binding"], labels: { env: ["prod"] } });
    const secretId = await kept();
    const bind = async (scope: Record<string, string[]>) =>
      (await secret.bind({ ctx: await ctxOf(ada), input: { secretId, scope } })).outcome;
    expect(await bind({ env: ["staging"] })).toBe("applied");
    expect(await bind({ team: ["pay"] })).toBe("proposed");
    expect(await bind({ env: ["staging", "prod"], team: ["pay"] })).toBe("proposed");
  });

  test("is taken away at once by whoever may, whatever selects it", async () => {
    const secretId = await kept();
    const input = { secretId, sandboxId: await box() };
    const { bindingId } = applied(await secret.bind({ ctx: owner(), input }));
    await enforce({ kinds: ["secret_binding"] });
    expect(await secret.unbind({ ctx: await ctxOf(ada), input: { bindingId } })).toEqual({ ok: true });
  });
});

describe("what was never approved for production", () => {
  test("comes under no sandbox there: not by making one, nor by labelling a sandbox, a node or the policy", async () => {
    const prod = { env: "prod" };
    const outside = await box();
    const lab = await makeNode(fleet, acme, unique("lab"));
    await box({ nodeId: lab.nodeId });
    await enforce({ kinds: ["policy_version"], labels: { env: ["prod"] } });
    const refused = forbidden("was not written for it");
    await expect(box({ labels: prod })).rejects.toMatchObject(refused);
    const moved = { sandboxId: outside, labels: prod };
    await expect(sandbox.setLabels({ ctx: owner(), input: moved })).rejects.toMatchObject(refused);
    const node1 = { nodeId: lab.nodeId, labels: prod };
    await expect(node.setLabels({ ctx: owner(), input: node1 })).rejects.toMatchObject(refused);
    const labelled = { policyId: acme.policyId, labels: prod };
    const ballot = await proposed(await policy.setLabels({ ctx: owner(), input: labelled }));
    await expect(box({ labels: prod })).rejects.toMatchObject(refused);
    expect(await vote(ben, ballot)).toMatchObject({ state: "applied" });
    await box({ labels: prod });
    // From then on each version of it is production's.
    const { latestVersion } = await policy.get({ ctx: owner(), input: { policyId: acme.policyId } });
    const next = { policyId: acme.policyId, yaml: POLICY.replace("GET", "POST"), baseVersion: latestVersion };
    expect((await policy.saveVersion({ ctx: owner(), input: next })).outcome).toBe("proposed");
  });
});
