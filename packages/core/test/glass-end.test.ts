import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { approvalPolicy, change, policy } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, POLICY, system, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";

/** Eve breaks the glass, ben and cleo approve, and two of them must: by no click of one, and by no clock, is anything opened. */
let fleet: Fleet;
let acme: TestOrg;
let eve: TestPerson;
let ben: TestPerson;
let cleo: TestPerson;
let policyId: string;
let count = 0;
beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  eve = await addPerson(fleet, acme, { name: "eve", role: "security_admin" });
  ben = await addPerson(fleet, acme, { name: "ben", role: "approver" });
  cleo = await addPerson(fleet, acme, { name: "cleo", role: "approver" });
});
afterAll(async () => await fleet?.close());
beforeEach(async () => {
  const made = applied(await policy.create({ ctx: owner(), input: { name: `end-${++count}`, yaml: OPEN } }));
  policyId = made.id;
  await policy.setLabels({ ctx: owner(), input: { policyId, labels: labels() } });
  await ruled(`two ${count}`, { selector: mine(), ...TWO });
});

const OPEN = POLICY.replace("GET", "'*'");
const CLOSED = POLICY;
const OTHER = POLICY.replace("/api/", "/other/");
const mine = () => ({ kinds: ["policy_version"], labels: { end: [String(count)] } });
const labels = (): Record<string, string> => ({ end: String(count) });
const ctxOf = async (who: TestPerson) => fleet.ctx(await who.actor());
const owner = () => fleet.ctx(acme.as("owner"));
const now = async () => await policy.get({ ctx: owner(), input: { policyId } });
const seen = async (changeId: string) => await change.get({ ctx: owner(), input: { changeId } });
const sweep = async () => await change.sweep({ ctx: fleet.ctx(system), input: {} });
const pass = (hours: number): void => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + hours * 3_600_000);
};
const TWO = { steps: [{ atLeast: 2, of: [{ role: "approver" as const }] }] };

async function ruled(name: string, given: { selector: object; steps: object[] }): Promise<void> {
  const spec = approvalSpecSchema.parse(given);
  applied(await approvalPolicy.save({ ctx: owner(), input: { name, mode: "enforce", spec } }));
}
async function saved(yaml: string): Promise<string> {
  const { latestVersion } = await now();
  const input = { policyId, yaml, baseVersion: latestVersion };
  const made = await policy.saveVersion({ ctx: await ctxOf(eve), input });
  expect(made.outcome).toBe("proposed");
  return made.changeId;
}
/** Applied by break-glass, for an hour. */
async function broken(changeId: string): Promise<string> {
  const { digest } = await seen(changeId);
  const input = { changeId, digest, reason: "production is down", hours: 1 };
  await change.breakGlass({ ctx: await ctxOf(eve), input });
  return changeId;
}
async function over(changeId: string) {
  pass(1);
  await sweep();
  return (await seen(changeId)).review;
}
const close = async (who: TestPerson, changeId: string, verdict: "keep" | "justified" | "undo") =>
  await change.closeReview({ ctx: await ctxOf(who), input: { changeId, verdict, note: "looked at the logs" } });
async function vote(who: TestPerson, changeId: string) {
  const { digest } = await seen(changeId);
  return await change.vote({ ctx: await ctxOf(who), input: { changeId, digest, verdict: "approve" } });
}
/** Taken by both, in the order in which they come. */
async function approved(changeId: string): Promise<void> {
  expect(await vote(ben, changeId)).toMatchObject({ state: "open" });
  expect(await vote(cleo, changeId)).toMatchObject({ state: "applied" });
}

describe("what an emergency closed", () => {
  test("stays closed at its end, until those whom the rule asks open it again", async () => {
    const changeId = await broken(await saved(CLOSED));
    const review = await over(changeId);
    expect(review).toMatchObject({ endedHow: "proposed", endedNote: null, reopening: expect.any(String) });
    expect((await now()).yaml).toBe(CLOSED);
    const waiting = await seen(review?.reopening ?? "");
    expect(waiting).toMatchObject({ state: "open", author: { id: null }, reopens: { id: changeId } });
    expect(waiting.title).toContain("Open again what break-glass closed");
    expect(waiting.rules.map(({ name }) => name)).toEqual([`two ${count}`]);
    // Whoever broke it decides nothing about its undoing.
    await expect(vote(eve, waiting.id)).rejects.toMatchObject({ code: "forbidden" });
    await approved(waiting.id);
    expect((await now()).yaml).toBe(OPEN);
  });

  test("is opened by no approver's undo: whoever asks for it does not approve it, and the rest must", async () => {
    const changeId = await broken(await saved(CLOSED));
    await close(ben, changeId, "undo");
    const { review } = await seen(changeId);
    expect(review).toMatchObject({ endedHow: "proposed", verdict: "undo" });
    expect((await now()).yaml).toBe(CLOSED);
    const waiting = review?.reopening ?? "";
    await expect(vote(ben, waiting)).rejects.toMatchObject({ code: "forbidden" });
    expect(await vote(cleo, waiting)).toMatchObject({ state: "open" });
    pass(2);
    await sweep();
    expect((await now()).yaml).toBe(CLOSED);
  });

  test("waits in Creel's own words: nobody writes it anew, and who had a part in closing it does not withdraw it", async () => {
    const dora = await addPerson(fleet, acme, { name: `dora${count}`, role: "operator" });
    const input = { policyId, yaml: CLOSED, baseVersion: 1 };
    const asked = await policy.saveVersion({ ctx: await ctxOf(dora), input });
    const review = await over(await broken(asked.changeId));
    const changeId = review?.reopening ?? "";
    const { digest } = await seen(changeId);
    for (const who of [dora, eve]) {
      const edit = { changeId, digest, content: { policyId, yaml: OTHER } };
      await expect(change.edit({ ctx: await ctxOf(who), input: edit })).rejects.toMatchObject({ code: "conflict" });
    }
    const page = await change.get({ ctx: await ctxOf(dora), input: { changeId } });
    expect(page.refusals.edit).toContain("puts back what was there before");
    expect(page.refusals.withdraw).not.toBeNull();
    const withdraw = change.withdraw({ ctx: await ctxOf(dora), input: { changeId } });
    await expect(withdraw).rejects.toMatchObject({ code: "forbidden" });
    expect(await seen(changeId)).toMatchObject({ state: "open", content: { yaml: OPEN } });
  });

  test("is proposed once, however many ends meet", async () => {
    const changeId = await broken(await saved(CLOSED));
    pass(1);
    const due = { orgId: acme.orgId, changeId };
    await Promise.allSettled([
      sweep(),
      change.settleOne({ ctx: fleet.ctx(system), input: due }),
      close(ben, changeId, "undo"),
      close(cleo, changeId, "undo"),
    ]);
    await sweep();
    const { items } = await change.list({ ctx: owner(), input: {} });
    const waiting = items.filter(
      ({ title }) => title.includes(`policy end-${count}`) && title.startsWith("Open again"),
    );
    expect(waiting).toHaveLength(1);
  });

  test("is kept by one approver, as nothing is allowed by that", async () => {
    const changeId = await broken(await saved(CLOSED));
    expect(await close(ben, changeId, "keep")).toMatchObject({ closed: true });
    expect(await over(changeId)).toMatchObject({ endedHow: "kept" });
    expect((await now()).yaml).toBe(CLOSED);
  });
});

test("what both opens and closes ends as what both texts allow, and the rest waits", async () => {
  const changeId = await broken(await saved(OTHER));
  const review = await over(changeId);
  expect(review?.endedHow).toBe("proposed");
  const { yaml } = await now();
  expect(yaml).not.toContain("/api/");
  expect(yaml).not.toContain("/other/");
  await approved(review?.reopening ?? "");
  expect((await now()).yaml).toBe(OPEN);
});

describe("what an emergency opened", () => {
  beforeEach(async () => {
    const closing = await saved(CLOSED);
    await approved(closing);
  });

  test("is taken back at its end by itself", async () => {
    const changeId = await broken(await saved(OPEN));
    expect(await over(changeId)).toMatchObject({ endedHow: "taken_back", reopening: null });
    expect((await now()).yaml).toBe(CLOSED);
  });

  test("is kept by everybody whom its rule asks, and by fewer not", async () => {
    const changeId = await broken(await saved(OPEN));
    expect(await close(ben, changeId, "keep")).toMatchObject({ closed: false });
    const page = await change.get({ ctx: await ctxOf(ben), input: { changeId } });
    expect(page.refusals.keep).toContain("You said so already");
    expect(page.rules[0]?.steps[0]?.quorums[0]).toMatchObject({ missing: 1, candidates: [{ id: cleo.userId }] });
    expect(page.review).toMatchObject({ closedAt: null, endedAt: null });
    expect(await close(cleo, changeId, "keep")).toMatchObject({ closed: true });
    expect(await over(changeId)).toMatchObject({ endedHow: "kept", closedBy: expect.stringContaining("cleo") });
    expect((await now()).yaml).toBe(OPEN);
  });

  test("ends where one alone said that it stays", async () => {
    const changeId = await broken(await saved(OPEN));
    await close(ben, changeId, "keep");
    expect(await over(changeId)).toMatchObject({ endedHow: "taken_back" });
    expect((await now()).yaml).toBe(CLOSED);
    await expect(close(cleo, changeId, "keep")).rejects.toMatchObject({ code: "conflict" });
  });

  test("is not kept with the vote of whoever broke it", async () => {
    const mia = await addPerson(fleet, acme, { name: `mia${count}`, role: "security_admin" });
    await ruled(`one ${count}`, { selector: mine(), steps: [{ atLeast: 1, of: [{ role: "security_admin" }] }] });
    const changeId = await saved(OPEN);
    const { digest } = await seen(changeId);
    const ballot = { changeId, digest };
    await change.vote({ ctx: await ctxOf(mia), input: { ...ballot, verdict: "approve" } });
    await change.breakGlass({ ctx: await ctxOf(mia), input: { ...ballot, reason: "production is down", hours: 1 } });
    await close(ben, changeId, "keep");
    expect(await close(cleo, changeId, "keep")).toMatchObject({ closed: false });
    expect(await over(changeId)).toMatchObject({ endedHow: "taken_back" });
  });
});
