import { tables, withOrg } from "@creel/db";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockPeople } from "../src/authz/people.ts";
import { auth, CreelError, grant, team, token } from "../src/index.ts";
import { ACTS_AT_ONCE_MAX } from "../src/token/inTurn.ts";
import { type Fleet, makeOrg, openFleet, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let watcher: postgres.Sql;
const owner = () => fleet.ctx(acme.as("owner"));

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  watcher = postgres(fleet.ownerUrl, { max: 1, prepare: false });
});
afterAll(async () => {
  await watcher?.end();
  await fleet?.close();
});

/** Resolves once somebody in this database waits for a row or a lock of another. */
async function somebodyWaits(): Promise<void> {
  for (;;) {
    const [row] = await watcher`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    if (Number(row?.waiting) > 0) return;
  }
}

test("a role that waits for the lock of people is judged by what was written meanwhile: no auditor is made an operator", async () => {
  const { userId } = await addPerson(fleet, acme, { name: "ivy", role: "viewer" });
  const { id: teamId } = await team.create({ ctx: owner(), input: { name: "looking-on" } });
  await grant.give({ ctx: owner(), input: { teamId, role: "auditor" } });
  const { orgId } = acme;
  // The other half is given by a transaction that is not serialisable, and so is in no one's way but by the lock.
  const [giving] = await withOrg(fleet.db, orgId, async (tx) => {
    await lockPeople(tx, orgId);
    const acting = grant.give({ ctx: owner(), input: { userId, role: "operator" } }).then(
      () => "done",
      (error: { code: string }) => error.code,
    );
    await Promise.race([somebodyWaits(), acting]);
    await tx.insert(tables.teamMembers).values({ orgId, teamId, userId, createdAt: fleet.clock.now });
    return [acting];
  });
  expect(await giving).toBe("conflict");
  const held = (await grant.list({ ctx: owner(), input: {} })).items.filter(({ subject }) => subject.id === userId);
  expect(held.map(({ role }) => role)).toEqual(["viewer"]);
});

test("a flood of one key's rotations takes one connection of those that all orgs share, and stops nobody from revoking it", async () => {
  const { orgId } = acme;
  const made = await token.create({ ctx: owner(), input: { name: "flood", role: "viewer" } });
  const key = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
  const tokenId = made.view.id;
  const rotate = () =>
    token.rotate({ ctx: fleet.ctx(key), input: { tokenId } }).then(
      () => "done",
      (error: unknown) => (error instanceof CreelError ? error.code : "broken"),
    );
  const { flood, waiting, revoking } = await withOrg(fleet.db, orgId, async (tx) => {
    await lockPeople(tx, orgId);
    const all = Array.from({ length: 4 * ACTS_AT_ONCE_MAX }, rotate);
    const ending = token.revoke({ ctx: owner(), input: { tokenId } });
    await somebodyWaits();
    // Other requests, while the lock is held and the flood waits: there are connections for them.
    const elsewhere = Array.from({ length: 5 }, () =>
      withOrg(fleet.db, orgId, async (other) => await other.select({ id: tables.teams.id }).from(tables.teams)),
    );
    await Promise.all(elsewhere);
    const [row] = await watcher`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    return { flood: all, waiting: Number(row?.waiting), revoking: ending };
  });
  expect(waiting).toBe(1);
  const answers = await Promise.all(flood);
  expect(answers.filter((answer) => answer === "rate_limited")).toHaveLength(3 * ACTS_AT_ONCE_MAX);
  expect(answers.filter((answer) => answer === "done")).toHaveLength(ACTS_AT_ONCE_MAX);
  expect((await revoking).ok).toBe(true);
  // What waited has gone: there is room again.
  const next = await token.create({ ctx: owner(), input: { name: "next", role: "viewer" } });
  await token.revoke({ ctx: owner(), input: { tokenId: next.view.id } });
});
