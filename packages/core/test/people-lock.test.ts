import { tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lockPeople } from "../src/authz/people.ts";
import { grant, team } from "../src/index.ts";
import { type Fleet, makeOrg, openFleet, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";
import { openWatcher, type Watcher } from "./support/watcher.ts";

let fleet: Fleet;
let acme: TestOrg;
let watcher: Watcher;
const owner = () => fleet.ctx(acme.as("owner"));

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  watcher = openWatcher(fleet);
});
afterAll(async () => {
  await watcher?.end();
  await fleet?.close();
});

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
    await Promise.race([watcher.somebodyWaits(), acting]);
    await tx.insert(tables.teamMembers).values({ orgId, teamId, userId, createdAt: fleet.clock.now });
    return [acting];
  });
  expect(await giving).toBe("conflict");
  const held = (await grant.list({ ctx: owner(), input: {} })).items.filter(({ subject }) => subject.id === userId);
  expect(held.map(({ role }) => role)).toEqual(["viewer"]);
});
