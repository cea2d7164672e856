import { randomUUID } from "node:crypto";
import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { approvalPolicy, change, delegation, notice, policy } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, POLICY, system, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let globex: TestOrg;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  globex = await makeOrg(fleet, "globex");
});
afterAll(async () => await fleet?.close());

let people: Record<"ada" | "olga" | "nora" | "dan", TestPerson>;
let policyId: string;
let count = 0;
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const owner = () => fleet.ctx(acme.as("owner"));
beforeEach(async () => {
  count++;
  const add = async (name: string, role: "security_admin" | "approver", scope?: { env: string[] }) =>
    await addPerson(fleet, acme, { name: `${name}${count}`, role, ...(scope === undefined ? {} : { scope }) });
  people = {
    ada: await add("ada", "security_admin"),
    olga: await add("olga", "approver"),
    nora: await add("nora", "approver"),
    dan: await add("dan", "approver"),
  };
  policyId = applied(await policy.create({ ctx: owner(), input: { name: `lent-${count}`, yaml: POLICY } })).id;
});

const HOUR_MS = 3_600_000;
const after = (hours: number): string => new Date(fleet.clock.now.getTime() + hours * HOUR_MS).toISOString();
const lend = async (from: TestPerson, to: TestPerson, hours = 24) =>
  await delegation.give({
    ctx: await ctxOf(from),
    input: { toUserId: to.userId, until: after(hours), reason: "on leave" },
  });
const vote = async (who: TestPerson, of: { changeId: string; digest: string }) =>
  await change.vote({ ctx: await ctxOf(who), input: { ...of, verdict: "approve" } });
const seen = async (changeId: string) => await change.get({ ctx: await ctxOf(people.ada), input: { changeId } });

/** A change that needs so many of these persons, and nobody else. */
async function proposeFor(persons: readonly TestPerson[], atLeast = 1, by = people.ada) {
  const of = persons.map(({ userId }) => ({ person: userId }));
  const labels = { lent: [String(count)] };
  await policy.setLabels({ ctx: owner(), input: { policyId, labels: { lent: String(count) } } });
  const spec = approvalSpecSchema.parse({
    selector: { kinds: ["policy_version"], labels },
    steps: [{ atLeast, of }],
  });
  const input = { name: `lent ${randomUUID().slice(0, 6)}`, mode: "enforce" as const, spec };
  applied(await approvalPolicy.save({ ctx: await ctxOf(people.ada), input }));
  const { changeId } = await policy.saveVersion({
    ctx: await ctxOf(by),
    input: { policyId, yaml: POLICY.replace("GET", "POST"), baseVersion: 1 },
  });
  const { digest } = await seen(changeId);
  return { changeId, digest };
}

test("a delegate votes in the place of whoever lent it, is told, and the change says for whom", async () => {
  const { olga, dan } = people;
  const made = await proposeFor([olga, people.nora], 2);
  expect(await vote(dan, made)).toMatchObject({ state: "open" });
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 1000);
  await lend(olga, dan);
  // The vote of before was given in their own place, and stays so.
  expect((await seen(made.changeId)).rules[0]?.steps[0]?.quorums[0]).toMatchObject({ missing: 2 });
  await vote(dan, made);
  const now = await seen(made.changeId);
  expect(now.rules[0]?.steps[0]?.quorums[0]?.filledBy).toMatchObject([{ id: dan.userId, standsFor: [olga.email] }]);
  expect(now.votes).toMatchObject([{ standsFor: [olga.email] }]);
  const { items } = await notice.listUnseen({ ctx: await ctxOf(dan), input: {} });
  expect(items.map(({ topic }) => topic)).toContain("delegation.give");
  expect(await vote(people.nora, made)).toMatchObject({ state: "applied" });
});

test("one person fills one place, however many lent theirs, and nobody lends to two", async () => {
  const { olga, nora, dan } = people;
  const made = await proposeFor([olga, nora], 2);
  await lend(olga, dan);
  await lend(nora, dan);
  expect(await vote(dan, made)).toMatchObject({ state: "open" });
  await expect(lend(olga, people.ada)).rejects.toMatchObject({ code: "conflict" });
  const { items } = await delegation.list({ ctx: await ctxOf(olga), input: {} });
  expect(items.filter(({ from }) => from.id === olga.userId)).toMatchObject([{ to: { id: dan.userId } }]);
});

test("two delegations of one person at the same moment: one stands", async () => {
  const { olga, nora, dan } = people;
  const results = await Promise.allSettled([lend(olga, dan), lend(olga, nora)]);
  expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  const { items } = await delegation.list({ ctx: await ctxOf(olga), input: {} });
  expect(items.filter(({ from }) => from.id === olga.userId)).toHaveLength(1);
});

test("lent to the author, by the author, or on from a delegate, votes count for nothing", async () => {
  const { ada, olga, nora, dan } = people;
  const made = await proposeFor([olga, ada, nora]);
  await lend(olga, ada);
  await expect(vote(ada, made)).rejects.toMatchObject({ code: "forbidden" });
  await lend(ada, dan);
  expect(await vote(dan, made)).toMatchObject({ state: "open" });
  const chained = await addPerson(fleet, acme, { name: `eve${count}`, role: "approver" });
  await lend(nora, chained);
  await lend(chained, dan);
  expect(await vote(dan, made)).toMatchObject({ state: "open" });
});

test("whoever lent it and lost the right lends nothing, and its end takes the place back from a vote already given", async () => {
  const { olga, nora, dan } = people;
  const made = await proposeFor([olga, nora], 2);
  const lent = await lend(olga, dan);
  await vote(dan, made);
  await olga.demote();
  expect(await vote(nora, made)).toMatchObject({ state: "open" });
  expect((await seen(made.changeId)).rules[0]?.steps[0]?.quorums[0]).toMatchObject({ missing: 1 });
  // Whoever lent may end it whatever they still hold; a stranger finds nothing.
  const end = { delegationId: lent.id };
  await expect(delegation.end({ ctx: await ctxOf(nora), input: end })).rejects.toMatchObject({ code: "not_found" });
  await expect(delegation.end({ ctx: fleet.ctx(globex.as("owner")), input: end })).rejects.toMatchObject({
    code: "not_found",
  });
  await delegation.end({ ctx: await ctxOf(olga), input: end });
  await expect(delegation.end({ ctx: await ctxOf(olga), input: end })).rejects.toMatchObject({ code: "not_found" });
});

test("a delegation that has run out before a scheduled change is due counts no longer", async () => {
  const { olga, dan } = people;
  const made = await proposeFor([olga]);
  const { digest } = await seen(made.changeId);
  const edited = await change.edit({
    ctx: owner(),
    input: {
      changeId: made.changeId,
      digest,
      content: { policyId, yaml: POLICY.replace("GET", "PUT") },
      applyAt: after(48),
    },
  });
  expect(edited.state).toBe("open");
  await lend(olga, dan, 24);
  expect(await vote(dan, { ...made, digest: (await seen(made.changeId)).digest })).toMatchObject({ state: "approved" });
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 49 * HOUR_MS);
  await change.sweep({ ctx: fleet.ctx(system), input: {} });
  expect((await seen(made.changeId)).state).toBe("open");
});

test("it is refused for longer than a month, to oneself, to who may not vote, and by a key", async () => {
  const { olga, dan } = people;
  const viewer = await addPerson(fleet, acme, { name: `vic${count}`, role: "viewer" });
  await expect(lend(olga, dan, 30 * 24 + 1)).rejects.toMatchObject({ code: "invalid_input" });
  await expect(lend(olga, dan, 0)).rejects.toMatchObject({ code: "invalid_input" });
  await expect(lend(olga, olga)).rejects.toMatchObject({ code: "invalid_input" });
  await expect(lend(olga, viewer)).rejects.toMatchObject({ code: "not_found" });
  await expect(lend(viewer, dan)).rejects.toMatchObject({ code: "forbidden" });
  const key = { kind: "apiKey" as const, tokenId: randomUUID(), orgId: acme.orgId, name: "k", ownerLabel: olga.email };
  const { grants } = await olga.actor();
  const asKey = fleet.ctx({ ...key, grants, owner: { kind: "user", id: olga.userId } });
  const input = { toUserId: dan.userId, until: after(1), reason: "on leave" };
  await expect(delegation.give({ ctx: asKey, input })).rejects.toMatchObject({ code: "forbidden" });
  await lend(olga, dan, 30 * 24);
});
