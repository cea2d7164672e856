import { approvalSpecSchema } from "@creel/approvals";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approvalPolicy, change, grant, invitation, policy, role, team } from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, POLICY, type TestOrg } from "./support/fleet.ts";
import { addPerson } from "./support/people.ts";

let fleet: Fleet;
let acme: TestOrg;
let count = 0;
const unique = (name: string): string => `${name}-${++count}`;
const owner = () => fleet.ctx(acme.as("owner"));
const forbidden = { code: "forbidden" };

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
});
afterAll(async () => await fleet?.close());

/** Somebody who may fill teams and invite, and knows nothing of approvals. */
async function filler() {
  const permissions = [
    "team:read" as const,
    "team:update" as const,
    "team:delete" as const,
    "invitation:create" as const,
  ];
  const made = await role.create({ ctx: owner(), input: { name: unique("filler"), permissions } });
  const person = await addPerson(fleet, acme, { name: unique("mallory"), role: "viewer" });
  await grant.give({ ctx: owner(), input: { userId: person.userId, role: made.id } });
  return { ...person, ctx: fleet.ctx(await person.actor()), roleId: made.id };
}
async function named(spec: (teamId: string) => object) {
  const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("security") } });
  const input = { name: unique("four eyes"), mode: "evaluate" as const, spec: approvalSpecSchema.parse(spec(teamId)) };
  const saved = await approvalPolicy.save({ ctx: owner(), input });
  return { teamId, name: input.name, policyId: applied(saved).policyId };
}
const selector = { kinds: ["role_grant"] };
const anybody = { atLeast: 1, of: [{ role: "approver" }] };

describe("a team that an approval policy names", () => {
  test("takes nobody from whoever may only fill teams, wherever in the policy it stands", async () => {
    const { ctx, userId } = await filler();
    const specs = [
      (id: string) => ({ selector, steps: [{ atLeast: 1, of: [{ team: id }] }] }),
      (id: string) => ({
        selector,
        steps: [anybody, { any: [anybody, { all: [{ atLeast: 1, of: [{ team: id }] }] }] }],
      }),
      (id: string) => ({ selector, steps: [anybody], veto: [{ team: id }] }),
    ];
    for (const spec of specs) {
      const { teamId, name, policyId } = await named(spec);
      const add = () => team.addMember({ ctx, input: { teamId, userId } });
      await expect(add()).rejects.toMatchObject({ ...forbidden, publicMessage: expect.stringContaining(name) });
      const input = { email: `${unique("puppet")}@acme.example`, teamId };
      await expect(invitation.create({ ctx, input })).rejects.toMatchObject(forbidden);
      // What no policy names is any team.
      await approvalPolicy.remove({ ctx: owner(), input: { policyId } });
      await add();
      await team.removeMember({ ctx, input: { teamId, userId } });
    }
  });

  test("loses nobody by whoever may only fill teams, who else would take every veto away", async () => {
    const { ctx } = await filler();
    const { userId } = await addPerson(fleet, acme, { name: unique("vetoer"), role: "viewer" });
    const { teamId, name, policyId } = await named((id) => ({ selector, steps: [anybody], veto: [{ team: id }] }));
    await team.addMember({ ctx: owner(), input: { teamId, userId } });
    const told = { ...forbidden, publicMessage: expect.stringContaining(name) };
    await expect(team.removeMember({ ctx, input: { teamId, userId } })).rejects.toMatchObject(told);
    await expect(team.remove({ ctx, input: { teamId } })).rejects.toMatchObject(told);
    await team.removeMember({ ctx: owner(), input: { teamId, userId } });
    await approvalPolicy.remove({ ctx: owner(), input: { policyId } });
    await team.remove({ ctx, input: { teamId } });
  });

  test("takes nobody by an invitation that was sent before it was named", async () => {
    const { ctx } = await filler();
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("later") } });
    const input = { email: `${unique("puppet")}@acme.example`, teamId };
    const sent = await invitation.create({ ctx, input });
    const spec = approvalSpecSchema.parse({ selector, steps: [{ atLeast: 1, of: [{ team: teamId }] }] });
    await approvalPolicy.save({ ctx: owner(), input: { name: unique("now"), mode: "evaluate", spec } });
    const accept = invitation.accept({ ctx: fleet.ctx(null), input: { token: sent.token, password: PASSWORD } });
    await expect(accept).rejects.toMatchObject({ code: "not_found" });
  });

  test("takes whom somebody adds who may change approval policies", async () => {
    const { teamId } = await named((id) => ({ selector, steps: [{ atLeast: 1, of: [{ team: id }] }] }));
    const sec = await addPerson(fleet, acme, { name: unique("sec"), role: "security_admin" });
    const { userId } = await filler();
    await team.addMember({ ctx: fleet.ctx(await sec.actor()), input: { teamId, userId } });
    const { items } = await team.list({ ctx: owner(), input: {} });
    expect(items.find(({ id }) => id === teamId)?.members.map((each) => each.userId)).toEqual([userId]);
  });
});

test("a change that somebody else edited names them, and so does what it made", async () => {
  const name = unique("policy");
  const { id: policyId } = applied(await policy.create({ ctx: owner(), input: { name, yaml: POLICY } }));
  const ada = await addPerson(fleet, acme, { name: unique("ada"), role: "developer" });
  const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "developer" });
  const input = { policyId, baseVersion: 1, yaml: POLICY.replace("GET", "POST") };
  const { changeId } = await policy.saveVersion({ ctx: fleet.ctx(await ada.actor()), input });
  const seen = async () => await change.get({ ctx: owner(), input: { changeId } });
  const edit = async (person: typeof ada, method: string) =>
    await change.edit({
      ctx: fleet.ctx(await person.actor()),
      input: { changeId, digest: (await seen()).digest, content: { policyId, yaml: POLICY.replace("GET", method) } },
    });
  expect((await seen()).lastEditor).toBeNull();
  await edit(mallory, "DELETE");
  await edit(ada, "PUT");
  // Her own text again.
  expect((await seen()).lastEditor).toBeNull();
  await edit(mallory, "DELETE");
  expect(await seen()).toMatchObject({
    author: { label: ada.email },
    lastEditor: { id: mallory.userId, label: mallory.email },
  });
  const ballot = { changeId, digest: (await seen()).digest, verdict: "approve" as const };
  await change.vote({ ctx: owner(), input: ballot });
  const { items } = await policy.listVersions({ ctx: owner(), input: { policyId } });
  expect(items[0]?.author).toBe(`${ada.email}, edited by ${mallory.email}`);
});
