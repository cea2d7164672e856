import { newId, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { change, policy } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, POLICY, system, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";

/** One sweep's share, as `change/limits.ts` has it. */
const SHARE = 200;

let fleet: Fleet;
let stuck: TestOrg;
let other: TestOrg;
beforeAll(async () => {
  fleet = await openFleet();
  stuck = await makeOrg(fleet, "stuck");
  other = await makeOrg(fleet, "other");
});
afterAll(async () => await fleet?.close());

let count = 0;
/** An approved change of the other org, whose time comes within the hour. */
async function scheduled(): Promise<() => Promise<string>> {
  const ada = await addPerson(fleet, other, { name: `ada${++count}`, role: "security_admin" });
  const ctx = fleet.ctx(await ada.actor());
  const { id } = applied(await policy.create({ ctx, input: { name: `demo-${count}`, yaml: POLICY } }));
  const applyAt = new Date(fleet.clock.now.getTime() + 3_600_000).toISOString();
  const input = { policyId: id, yaml: POLICY.replace("GET", "POST"), baseVersion: 1, applyAt };
  const made = await policy.saveVersion({ ctx, input });
  return async () => (await change.get({ ctx, input: { changeId: made.changeId } })).state;
}

/** Approved changes that no version of this program can read, older than any other; they stay where they are. */
async function unreadable(rows: number): Promise<void> {
  const at = new Date(fleet.clock.now.getTime() - 86_400_000);
  await withOrg(fleet.db, stuck.orgId, async (tx) => {
    const [like] = await withOrg(fleet.db, other.orgId, (of) => of.select().from(tables.changes).limit(1));
    if (like === undefined) throw new Error("there is no change to copy");
    const values = Array.from({ length: rows }, () => {
      const id = newId(at);
      return { ...like, orgId: stuck.orgId, id, state: "approved", content: {}, subject: id, applyAt: null };
    });
    await tx.insert(tables.changes).values(values);
  });
}

const sweep = async (after?: Awaited<ReturnType<typeof change.sweep>>["next"]) =>
  await change.sweep({ ctx: fleet.ctx(system), input: { after } });

test("a change that throws holds up no other, and is told", async () => {
  const state = await scheduled();
  await unreadable(1);
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 7_200_000);
  const swept = await sweep();
  expect(await state()).toBe("applied");
  expect(swept).toMatchObject({ settled: 1, failed: [{ of: { orgId: stuck.orgId } }], next: { due: null } });
});

test("a whole share of changes that stay where they are starves nobody", async () => {
  const state = await scheduled();
  await unreadable(SHARE);
  fleet.clock.now = new Date(fleet.clock.now.getTime() + 7_200_000);
  const first = await sweep();
  expect(first.failed).toHaveLength(SHARE);
  expect(await state()).toBe("approved");
  const second = await sweep(first.next);
  expect(await state()).toBe("applied");
  // What stayed is looked at again after the last one had its turn.
  expect(second.next).toEqual({ due: null, owing: null, ending: null, reminding: null });
});
