import { randomUUID } from "node:crypto";
import { tables, withSystem } from "@creel/db";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  approvalPolicy,
  audit,
  auth,
  grant,
  grantOfRole,
  member,
  org,
  policy,
  secret,
  type UserActor,
} from "../src/index.ts";
import { FOUNDED_PER_DAY_MAX, ORGS_PER_DAY_MAX } from "../src/org/limits.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";
import { actorOf, join } from "./support/members.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
let fleet: Fleet;
let acme: TestOrg;
let owner: UserActor;
beforeAll(async () => {
  fleet = await openFleet();
  fleet.clock.now = new Date();
  acme = await makeOrg(fleet, "acme");
  owner = await signIn(acme.email);
});
afterAll(async () => await fleet?.close());
// What was founded before is another day's.
beforeEach(() => {
  fleet.clock.now = new Date(fleet.clock.now.getTime() + DAY_MS + 1);
});

const signIn = async (email: string): Promise<UserActor> => {
  const { token } = await auth.signIn({ ctx: fleet.ctx(null), input: { email, password: PASSWORD } });
  return await actorOf(fleet, token);
};
const found = (actor: UserActor, name: string) => org.create({ ctx: fleet.ctx(actor), input: { name } });
const enter = async (actor: UserActor, orgId: string): Promise<UserActor> => {
  const { token } = await auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId } });
  return await actorOf(fleet, token);
};

describe("founding a further org", () => {
  test("makes its founder the owner, with a first approval policy, and both orgs say so", async () => {
    const made = await found(owner, "  Globex Subsidiary ");
    expect(made).toMatchObject({ name: "Globex Subsidiary", slug: expect.stringMatching(/^globex-subsidiary-\w{6}$/) });
    const there = await enter(owner, made.id);
    expect(there.grants.map(({ role, scope }) => [role, scope])).toEqual([["owner", null]]);
    const policies = await approvalPolicy.list({ ctx: fleet.ctx(there), input: {} });
    expect(policies.items.map(({ name, mode }) => [name, mode])).toEqual([["four eyes", "evaluate"]]);
    for (const actor of [owner, there]) {
      const { items } = await audit.list({ ctx: fleet.ctx(actor), input: { action: "org.create" } });
      expect(items.map(({ actor: by, resource }) => [by.label, resource.id])).toContainEqual([acme.email, made.id]);
    }
  });

  test("takes nothing along: neither people nor things nor secrets of the one it was founded from", async () => {
    await secret.create({ ctx: fleet.ctx(proved(owner)), input: { name: "KEPT", value: "a value of acme" } });
    const colleague = await join(fleet, acme, { name: "colin", role: "owner" });
    const there = fleet.ctx(await enter(owner, (await found(owner, "Globex")).id));
    expect((await member.list({ ctx: there, input: {} })).items.map(({ userId }) => userId)).toEqual([owner.userId]);
    expect((await policy.list({ ctx: there, input: {} })).items).toEqual([]);
    expect((await secret.list({ ctx: there, input: {} })).items).toEqual([]);
    const taken = policy.get({ ctx: there, input: { policyId: acme.policyId } });
    await expect(taken).rejects.toMatchObject({ code: "not_found" });
    const { items } = await auth.listOrgs({ ctx: fleet.ctx(colleague.actor), input: {} });
    expect(items.map(({ id }) => id)).toEqual([acme.orgId]);
  });

  test("is refused to every role but owner, and to an owner of a part", async () => {
    for (const role of ["security_admin", "operator", "approver", "auditor", "developer", "viewer"] as const)
      for (const grants of [[grantOfRole(role)], [grantOfRole("owner", { env: ["prod"] })], []])
        await expect(found({ ...owner, grants }, "Mine")).rejects.toMatchObject({ code: "forbidden" });
  });

  test("is refused to whoever was an owner when the request was let in and is none any more", async () => {
    const heir = await join(fleet, acme, { name: "heir", role: "owner" });
    const grants = await grant.list({ ctx: fleet.ctx(owner), input: {} });
    const theirs = grants.items.find(({ subject }) => subject.id === heir.userId);
    await grant.end({ ctx: fleet.ctx(owner), input: { grantId: theirs?.id ?? "" } });
    await grant.give({ ctx: fleet.ctx(proved(owner)), input: { userId: heir.userId, role: "viewer" } });
    const again = await signIn(heir.email);
    // What the request was let in with is older than what is true.
    const stale: UserActor = { ...again, grants: heir.actor.grants };
    await expect(found(stale, "Mine")).rejects.toMatchObject({ code: "forbidden" });
    expect((await auth.listOrgs({ ctx: fleet.ctx(stale), input: {} })).items).toHaveLength(1);
  });

  test("is refused to everybody where the installation says nobody, or says nothing", async () => {
    for (const founders of ["nobody", undefined] as const) {
      const ctx = { ...fleet.ctx(owner), founders };
      await expect(org.create({ ctx, input: { name: "Mine" } })).rejects.toMatchObject({ code: "forbidden" });
      const { foundingRefusal } = await auth.listOrgs({ ctx, input: {} });
      expect(foundingRefusal).toMatch(/^Whoever runs this installation/);
    }
    expect((await auth.listOrgs({ ctx: fleet.ctx(owner), input: {} })).foundingRefusal).toBeNull();
  });

  test("does not tell whether another org has that name: two of one name differ in their short names", async () => {
    const [one, two] = [await found(owner, "Twin"), await found(owner, "Twin")];
    expect(one.slug).not.toBe(two.slug);
    expect((await found(owner, "株式会社")).slug).toMatch(/^org-\w{6}$/);
  });

  test("refuses names that are empty, too long, or not to be seen", async () => {
    for (const name of ["", "   ", "a\nb", "a\u202eb", "a\u200bb", "\u3164", "a\u2800", "x".repeat(129)])
      await expect(found(owner, name), JSON.stringify(name)).rejects.toMatchObject({ code: "invalid_input" });
    expect((await found(owner, "x".repeat(128))).slug).toHaveLength(55);
  });

  test(`ends after ${FOUNDED_PER_DAY_MAX} a day of one person, also when all are asked for at once`, async () => {
    const asked = Array.from({ length: FOUNDED_PER_DAY_MAX + 3 }, (_, index) => found(owner, `Many ${index}`));
    const ends = await Promise.allSettled(asked);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(FOUNDED_PER_DAY_MAX);
    await expect(found(owner, "One more")).rejects.toMatchObject({ code: "rate_limited" });
    fleet.clock.now = new Date(fleet.clock.now.getTime() + DAY_MS + 1);
    expect((await found(owner, "Tomorrow")).name).toBe("Tomorrow");
  });

  test("ends after as many of all who own what was founded out of one org: a tenant's friends take nobody's room", async () => {
    const first = await found(owner, "One of ours");
    const there = await enter(owner, first.id);
    const ours: TestOrg = { ...acme, orgId: first.id, as: () => proved(there) };
    const friends: UserActor[] = [];
    for (const name of ["ann", "bob", "cem"]) friends.push((await join(fleet, ours, { name, role: "owner" })).actor);
    const asked = friends.flatMap((friend) => [1, 2, 3].map((n) => found(friend, `Friend ${n}`)));
    const ends = await Promise.allSettled(asked);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(FOUNDED_PER_DAY_MAX - 1);
    await expect(found(owner, "One more")).rejects.toMatchObject({ code: "rate_limited" });
    // Whoever is of another root finds room.
    const globex = await makeOrg(fleet, `globex-${friends.length}`);
    expect((await found(await signIn(globex.email), "Theirs")).name).toBe("Theirs");
  });

  test(`ends after ${ORGS_PER_DAY_MAX} a day of the whole installation`, async () => {
    const createdAt = fleet.clock.now;
    const row = (index: number) => ({ id: randomUUID(), slug: `fill-${index}`, name: "Fill", createdAt });
    const rows = Array.from({ length: ORGS_PER_DAY_MAX - 1 }, (_, index) => row(index));
    await withSystem(fleet.db, (tx) => tx.insert(tables.orgs).values(rows));
    expect((await found(owner, "The last")).name).toBe("The last");
    await expect(found(owner, "One more")).rejects.toMatchObject({ code: "rate_limited" });
  });

  test("is refused to a sign-in that has ended, and to one that a provider began", async () => {
    const byProvider: UserActor = { ...owner, identityProviderId: "6b1f0f5e-3f6a-4a38-9a57-0f3f2f1d9a10" };
    await expect(found(byProvider, "Mine")).rejects.toMatchObject({ code: "forbidden" });
    await auth.signOutEverywhere({ ctx: fleet.ctx(owner), input: {} });
    await expect(found(owner, "Mine")).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

/** As right after the password was typed. */
const proved = (actor: UserActor): UserActor => ({ ...actor, provedAt: fleet.clock.now });
