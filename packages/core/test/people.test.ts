import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  access,
  auth,
  grant,
  invitation,
  member,
  node,
  role,
  sandbox,
  serviceAccount,
  team,
  token,
} from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, PASSWORD, type TestNode, type TestOrg } from "./support/fleet.ts";
import { actorOf, join } from "./support/members.ts";

let fleet: Fleet;
let acme: TestOrg;
let prod: TestNode;
let staging: TestNode;
let count = 0;
const unique = (name: string): string => `${name}-${++count}`;

beforeAll(async () => {
  fleet = await openFleet();
  acme = await makeOrg(fleet, "acme");
  prod = await makeNode(fleet, acme, "prod-1");
  staging = await makeNode(fleet, acme, "staging-1");
  for (const [at, env] of [[prod, "prod"] as const, [staging, "staging"] as const])
    await node.setLabels({ ctx: owner(), input: { nodeId: at.nodeId, labels: { env } } });
});
afterAll(async () => await fleet?.close());
beforeEach(() => {
  fleet.clock.now = new Date("2026-05-03T10:00:00.000Z");
});
const owner = () => fleet.ctx(acme.as("owner"));
const agent = { plugin: "command" as const, command: ["true"] };
const over = (env: string) => ({ env: [env] });

describe("a grant over a scope", () => {
  test("opens what carries its labels and nothing beside it", async () => {
    const ada = await join(fleet, acme, { name: unique("ada"), role: "operator", scope: over("staging") });
    const ctx = fleet.ctx(ada.actor);
    expect((await node.list({ ctx, input: {} })).items.map(({ name }) => name)).toEqual(["staging-1"]);
    await expect(node.get({ ctx, input: { nodeId: prod.nodeId } })).rejects.toMatchObject({ code: "not_found" });
    await expect(node.revoke({ ctx, input: { nodeId: prod.nodeId } })).rejects.toMatchObject({ code: "not_found" });
    // The audit trail and the keys of the org are labelled by nobody: a scope opens none of it.
    await expect(member.list({ ctx, input: {} })).rejects.toMatchObject({ code: "not_found" });
  });

  test("is not left by naming a label: a node's labels stand before its sandboxes' own", async () => {
    const policyId = acme.policyId;
    const input = { name: unique("box"), nodeId: prod.nodeId, policyId, agent, labels: { env: "staging" } };
    const made = await sandbox.create({ ctx: owner(), input });
    expect(made.labels).toEqual({ env: "prod" });
    const ada = await join(fleet, acme, { name: unique("ada"), role: "operator", scope: over("staging") });
    const ctx = fleet.ctx(ada.actor);
    await expect(sandbox.stop({ ctx, input: { sandboxId: made.id } })).rejects.toMatchObject({ code: "not_found" });
    await expect(
      node.setLabels({ ctx, input: { nodeId: staging.nodeId, labels: { env: "prod" } } }),
    ).rejects.toMatchObject({ code: "forbidden" });
    expect((await sandbox.killAll({ ctx, input: { reason: "mine" } })).sandboxes).toEqual([]);
  });

  test("ends by itself, with the right and not with the sign-in", async () => {
    const eve = await join(fleet, acme, { name: unique("eve"), role: "viewer" });
    await grant.give({ ctx: owner(), input: { userId: eve.userId, role: "operator", hours: 1 } });
    expect((await actorOf(fleet, eve.token)).grants.map((held) => held.role).sort()).toEqual(["operator", "viewer"]);
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60 * 60 * 1000);
    expect((await actorOf(fleet, eve.token)).grants.map((held) => held.role)).toEqual(["viewer"]);
  });
});

describe("nobody gives what they do not hold", () => {
  const give = (as: Awaited<ReturnType<typeof join>>, input: Parameters<typeof grant.give>[0]["input"]) =>
    grant.give({ ctx: fleet.ctx(as.actor), input });

  test("neither a stronger role, nor a wider scope, nor a longer time", async () => {
    const sec = await join(fleet, acme, { name: unique("sec"), role: "security_admin" });
    const vic = await join(fleet, acme, { name: unique("vic"), role: "viewer" });
    const { userId } = vic;
    await expect(give(sec, { userId, role: "owner" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(give(sec, { userId: sec.userId, role: "owner" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(give(vic, { userId, role: "viewer" })).rejects.toMatchObject({ code: "not_found" });
    const lent = await join(fleet, acme, { name: unique("lent"), role: "viewer" });
    await grant.give({ ctx: owner(), input: { userId: lent.userId, role: "security_admin", hours: 1 } });
    const now = { ...lent, actor: await actorOf(fleet, lent.token) };
    await expect(give(now, { userId, role: "security_admin" })).rejects.toMatchObject({ code: "forbidden" });
    expect(applied(await give(now, { userId, role: "security_admin", hours: 1 })).role).toBe("security_admin");
  });

  test("not through a team, a role that grows, an invitation, or a key", async () => {
    const sec = await join(fleet, acme, { name: unique("sec"), role: "security_admin" });
    const ctx = fleet.ctx(sec.actor);
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("owners") } });
    await grant.give({ ctx: owner(), input: { teamId, role: "owner" } });
    const denied = { code: "forbidden" };
    await expect(team.addMember({ ctx, input: { teamId, userId: sec.userId } })).rejects.toMatchObject(denied);
    await expect(invitation.create({ ctx, input: { email: "x@acme.example", teamId } })).rejects.toMatchObject(denied);
    await expect(invitation.create({ ctx, input: { email: "x@acme.example", role: "owner" } })).rejects.toMatchObject(
      denied,
    );
    const { id: serviceAccountId } = await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } });
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    const keyer = await role.create({
      ctx: owner(),
      input: { name: unique("keyer"), permissions: ["token:create", "token:read"] },
    });
    await grant.give({ ctx: owner(), input: { userId: sec.userId, role: keyer.id } });
    const withKeys = fleet.ctx(await actorOf(fleet, sec.token));
    await expect(
      token.create({ ctx: withKeys, input: { name: "k", role: "owner", serviceAccountId } }),
    ).rejects.toMatchObject(denied);
    // Nor does one take from those who hold more.
    await expect(member.remove({ ctx, input: { userId: acme.userId } })).rejects.toMatchObject(denied);
  });

  test("an invitation gives nothing any more once its sender lost it", async () => {
    const sec = await join(fleet, acme, { name: unique("sec"), role: "security_admin" });
    const sent = await invitation
      .create({
        ctx: fleet.ctx(sec.actor),
        input: { email: `${unique("late")}@acme.example`, role: "operator" },
      })
      .catch(() => null);
    // A security admin does not hold all of an operator; what they do hold they may send.
    expect(sent).toBeNull();
    const email = `${unique("late")}@acme.example`;
    const good = await invitation.create({ ctx: fleet.ctx(sec.actor), input: { email, role: "approver" } });
    await member.remove({ ctx: owner(), input: { userId: sec.userId } });
    await expect(
      invitation.accept({ ctx: fleet.ctx(null), input: { token: good.token, password: PASSWORD } }),
    ).rejects.toMatchObject({ code: "not_found" });
  });
});

describe("separation of duty", () => {
  test("an auditor holds nothing that changes anything, by whichever way", async () => {
    const aud = await join(fleet, acme, { name: unique("aud"), role: "auditor" });
    const { userId } = aud;
    const refused = { code: "conflict" };
    await expect(grant.give({ ctx: owner(), input: { userId, role: "developer" } })).rejects.toMatchObject(refused);
    await expect(
      grant.give({ ctx: owner(), input: { userId, role: "operator", scope: over("staging") } }),
    ).rejects.toMatchObject(refused);
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("devs") } });
    await team.addMember({ ctx: owner(), input: { teamId, userId } });
    await expect(grant.give({ ctx: owner(), input: { teamId, role: "developer" } })).rejects.toMatchObject(refused);
    await team.removeMember({ ctx: owner(), input: { teamId, userId } });
    await grant.give({ ctx: owner(), input: { teamId, role: "developer" } });
    await expect(team.addMember({ ctx: owner(), input: { teamId, userId } })).rejects.toMatchObject(refused);
    const custom = await role.create({ ctx: owner(), input: { name: unique("reads"), permissions: ["node:read"] } });
    await grant.give({ ctx: owner(), input: { userId, role: custom.id } });
    await expect(
      role.update({ ctx: owner(), input: { roleId: custom.id, permissions: ["node:read", "node:delete"] } }),
    ).rejects.toMatchObject(refused);
    const dev = await join(fleet, acme, { name: unique("dev"), role: "developer" });
    await expect(grant.give({ ctx: owner(), input: { userId: dev.userId, role: "auditor" } })).rejects.toMatchObject(
      refused,
    );
  });

  test("two halves given at the same instant do not make an acting auditor", async () => {
    const { userId } = await join(fleet, acme, { name: unique("both"), role: "viewer" });
    for (let round = 0; round < 5; round++) {
      const told = await Promise.allSettled(
        (["auditor", "operator"] as const).map((each) => grant.give({ ctx: owner(), input: { userId, role: each } })),
      );
      expect(told.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      for (const one of told)
        if (one.status === "fulfilled") await grant.end({ ctx: owner(), input: { grantId: applied(one.value).id } });
    }
  });

  test("the last owner stays, also when two owners let go of each other at once", async () => {
    const org = await makeOrg(fleet, unique("lone"));
    const ctx = fleet.ctx(org.as("owner"));
    const [mine] = (await grant.list({ ctx, input: {} })).items;
    const refused = { code: "conflict" };
    await expect(grant.end({ ctx, input: { grantId: mine?.id ?? "" } })).rejects.toMatchObject(refused);
    await expect(member.remove({ ctx, input: { userId: org.userId } })).rejects.toMatchObject(refused);
    const two = await join(fleet, org, { name: "two", role: "viewer" });
    await grant.give({ ctx, input: { userId: two.userId, role: "owner", hours: 1 } });
    // An owner for an hour is none to rely on.
    await expect(grant.end({ ctx, input: { grantId: mine?.id ?? "" } })).rejects.toMatchObject(refused);
    const lasting = applied(await grant.give({ ctx, input: { userId: two.userId, role: "owner" } }));
    const told = await Promise.allSettled([
      grant.end({ ctx, input: { grantId: mine?.id ?? "" } }),
      grant.end({ ctx: fleet.ctx(await actorOf(fleet, two.token)), input: { grantId: lasting.id } }),
    ]);
    expect(told.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });
});

describe("a sign-in ends", () => {
  const ended = async (signIn: string) =>
    expect(await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signIn } })).toBeNull();

  test("with a right", async () => {
    const ada = await join(fleet, acme, { name: unique("ada"), role: "viewer" });
    const given = applied(await grant.give({ ctx: owner(), input: { userId: ada.userId, role: "operator" } }));
    expect(await grant.end({ ctx: owner(), input: { grantId: given.id } })).toEqual({ sessionsEnded: 1 });
    await ended(ada.token);
  });

  test("everywhere but here with the password, and everywhere with the membership", async () => {
    const ada = await join(fleet, acme, { name: unique("ada"), role: "viewer" });
    const credentials = { email: ada.email, password: PASSWORD };
    const here = await auth.signIn({ ctx: fleet.ctx(null), input: credentials });
    const next = "another long enough password";
    const ctx = fleet.ctx(await actorOf(fleet, here.token));
    await expect(auth.changePassword({ ctx, input: { current: "not it at all", next } })).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(await auth.changePassword({ ctx, input: { current: PASSWORD, next } })).toEqual({ sessionsEnded: 1 });
    await ended(ada.token);
    await actorOf(fleet, here.token);
    await member.remove({ ctx: owner(), input: { userId: ada.userId } });
    await ended(here.token);
    await expect(
      auth.signIn({ ctx: fleet.ctx(null), input: { email: ada.email, password: next } }),
    ).rejects.toMatchObject({ code: "unauthenticated" });
  });
});

describe("an invitation", () => {
  test("makes one member of all who use the link at once", async () => {
    const email = `${unique("once")}@acme.example`;
    const { token: link } = await invitation.create({ ctx: owner(), input: { email, role: "viewer" } });
    const input = { token: link, password: PASSWORD };
    const told = await Promise.allSettled(
      Array.from({ length: 6 }, () => invitation.accept({ ctx: fleet.ctx(null), input })),
    );
    expect(told.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    await expect(invitation.accept({ ctx: fleet.ctx(null), input })).rejects.toMatchObject({ code: "not_found" });
  });

  test("is over when it is too old or revoked, and takes over no account without its password", async () => {
    const email = `${unique("old")}@acme.example`;
    const old = await invitation.create({ ctx: owner(), input: { email, role: "viewer", hours: 1 } });
    const revoked = await invitation.create({ ctx: owner(), input: { email, role: "viewer" } });
    await invitation.revoke({ ctx: owner(), input: { invitationId: revoked.id } });
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 60 * 60 * 1000);
    for (const link of [old.token, revoked.token, "creeli_never"])
      await expect(
        invitation.accept({ ctx: fleet.ctx(null), input: { token: link, password: PASSWORD } }),
      ).rejects.toMatchObject({ code: "not_found" });
    const globex = await makeOrg(fleet, unique("globex"));
    const across = await invitation.create({
      ctx: fleet.ctx(globex.as("owner")),
      input: { email: acme.email, role: "viewer" },
    });
    const wrong = { token: across.token, password: "set by whoever holds the link" };
    await expect(invitation.accept({ ctx: fleet.ctx(null), input: wrong })).rejects.toMatchObject({
      code: "unauthenticated",
    });
    const joined = await invitation.accept({
      ctx: fleet.ctx(null),
      input: { token: across.token, password: PASSWORD },
    });
    const actor = await actorOf(fleet, joined.token);
    expect((await auth.listOrgs({ ctx: fleet.ctx(actor), input: {} })).items).toHaveLength(2);
    const back = await auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId: acme.orgId } });
    expect((await actorOf(fleet, back.token)).grants.map((held) => held.role)).toEqual(["owner"]);
  });
});

describe("an API key", () => {
  test("may do what its owner may at that moment, and of that only what it names", async () => {
    const ada = await join(fleet, acme, { name: unique("ada"), role: "operator", scope: over("staging") });
    const ctx = fleet.ctx(ada.actor);
    const made = await token.create({ ctx, input: { name: "mine", role: "owner" } });
    const keyed = async () => await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
    const actor = await keyed();
    expect(actor?.grants.map(({ scope }) => scope)).toEqual([over("staging")]);
    expect((await node.list({ ctx: fleet.ctx(actor), input: {} })).items).toHaveLength(1);
    await expect(token.create({ ctx: fleet.ctx(actor), input: { name: "again", role: "viewer" } })).rejects.toThrow();
    await member.remove({ ctx: owner(), input: { userId: ada.userId } });
    expect(await keyed()).toBeNull();
  });

  test("is rotated with an overlap, by itself too, and is found by its checksum", async () => {
    const made = await token.create({
      ctx: owner(),
      input: { name: "ci", permissions: ["node:read"], expiresInDays: 30 },
    });
    expect(made.token).toMatch(/^creel_[0-9a-f]{8}_[0-9a-f]{72}$/);
    const resolve = (text: string) => auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } });
    const self = fleet.ctx(await resolve(made.token));
    const next = await token.rotate({ ctx: self, input: { tokenId: made.view.id, overlapMinutes: 10 } });
    expect([await resolve(made.token), await resolve(next.token)]).toEqual([expect.anything(), expect.anything()]);
    fleet.clock.now = new Date(fleet.clock.now.getTime() + 10 * 60 * 1000);
    expect([await resolve(made.token), await resolve(next.token)]).toEqual([null, expect.anything()]);
    // The end stays where it was: a leaked key does not prolong itself.
    expect([next.view.rotatedFrom, next.view.expiresAt]).toEqual([made.view.id, made.view.expiresAt]);
    const typo = next.token.replace(/.$/, (last) => (last === "0" ? "1" : "0"));
    expect(await resolve(typo)).toBeNull();
  });

  test("that is revoked takes with it what was made of it and what it was made of, also when it is over itself", async () => {
    const resolve = async (text: string) =>
      await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } });
    for (const [named, overlapMinutes] of [[0, 0] as const, [1, 60] as const, [2, 60] as const]) {
      const keys = [await token.create({ ctx: owner(), input: { name: unique("leaked"), role: "viewer" } })];
      const beside = await token.create({ ctx: owner(), input: { name: unique("beside"), role: "viewer" } });
      for (let hand = 0; hand < 2; hand++) {
        const last = keys[hand] ?? keys[0];
        const self = fleet.ctx(await resolve(last?.token ?? ""));
        keys.push(await token.rotate({ ctx: self, input: { tokenId: last?.view.id ?? "", overlapMinutes } }));
      }
      const input = { tokenId: keys[named]?.view.id ?? "" };
      await token.revoke({ ctx: owner(), input });
      for (const key of keys) expect(await resolve(key.token)).toBeNull();
      expect(await resolve(beside.token)).not.toBeNull();
      await expect(token.revoke({ ctx: owner(), input })).rejects.toMatchObject({ code: "not_found" });
    }
  });

  test("that rotates itself while it is revoked leaves none that works", async () => {
    for (let round = 0; round < 5; round++) {
      const made = await token.create({ ctx: owner(), input: { name: unique("racing"), role: "viewer" } });
      const ctxOf = async (text: string) =>
        fleet.ctx(await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } }));
      const first = await token.rotate({ ctx: await ctxOf(made.token), input: { tokenId: made.view.id } });
      const self = await ctxOf(first.token);
      const [next, revoked] = await Promise.allSettled([
        token.rotate({ ctx: self, input: { tokenId: first.view.id } }),
        token.revoke({ ctx: owner(), input: { tokenId: made.view.id } }),
      ]);
      expect(revoked.status).toBe("fulfilled");
      const left = next.status === "fulfilled" ? [first.token, next.value.token] : [first.token];
      for (const text of left) expect((await ctxOf(text)).actor).toBeNull();
    }
  });

  test("of a person is rotated by that person or by itself, and by nobody who may rotate all others", async () => {
    const ben = await join(fleet, acme, { name: unique("ben"), role: "approver" });
    const ctx = fleet.ctx(ben.actor);
    const made = await token.create({ ctx, input: { name: "ben's", role: "approver" } });
    const tokenId = made.view.id;
    const forbidden = { code: "forbidden" };
    await expect(token.rotate({ ctx: owner(), input: { tokenId } })).rejects.toMatchObject(forbidden);
    const other = await token.create({ ctx: owner(), input: { name: "owner's", role: "owner" } });
    const byKey = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: other.token } });
    await expect(token.rotate({ ctx: fleet.ctx(byKey), input: { tokenId } })).rejects.toMatchObject(forbidden);
    await token.rotate({ ctx, input: { tokenId } });
    await token.revoke({ ctx: owner(), input: { tokenId } });
  });
});

test("the access tester decides as the verbs do, and names the grant or what is missing", async () => {
  const ada = await join(fleet, acme, { name: unique("ada"), role: "operator", scope: over("staging") });
  const { userId } = ada;
  const ask = (input: object) =>
    access.ask({ ctx: owner(), input: { userId, action: "update", kind: "node", ...input } });
  const there = await ask({ nodeId: staging.nodeId });
  expect([there.allowed, there.grants.map(({ says }) => says)]).toEqual([true, ["allows"]]);
  const elsewhere = await ask({ nodeId: prod.nodeId });
  expect(elsewhere).toMatchObject({ allowed: false, grants: [{ says: "misses_scope" }] });
  expect(elsewhere.sentence).toContain("only over env=staging");
  expect(await ask({ kind: "audit", action: "read" })).toMatchObject({
    allowed: false,
    rolesThatWould: expect.arrayContaining(["auditor"]),
  });
  expect((await ask({ kind: "grant", action: "read" })).allowed).toBe(false);
  await expect(ask({ kind: "plan", action: "break_glass" })).rejects.toMatchObject({ code: "invalid_input" });
});
