import { and, eq, isNull, type Tx, tables, withOrg } from "@creel/db";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lockPeople } from "../src/authz/people.ts";
import {
  type ApiKeyActor,
  auth,
  type Ctx,
  change,
  exception,
  grant,
  invitation,
  member,
  node,
  policy,
  role,
  sandbox,
  serviceAccount,
  sso,
  team,
  token,
} from "../src/index.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeNode, makeOrg, openFleet, POLICY, type TestOrg } from "./support/fleet.ts";
import { addPerson, type TestPerson } from "./support/people.ts";
import { openWatcher, type Watcher } from "./support/watcher.ts";

/**
 * Two transactions, interleaved by their locks alone: one takes somebody's rights away and waits before its end; meanwhile they act,
 * with a context that was admitted before, and wait; then the first commits.
 */
let fleet: Fleet;
let acme: TestOrg;
let watcher: Watcher;
let count = 0;
const unique = (name: string): string => `${name}-${++count}`;
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

type Taking = (tx: Tx) => Promise<unknown>;

/** What became of an act that waited while the rights behind it were taken away. */
async function actingWhile(taking: Taking, act: () => Promise<unknown>): Promise<string> {
  const [told] = await withOrg(fleet.db, acme.orgId, async (tx) => {
    await lockPeople(tx, acme.orgId);
    await taking(tx);
    const acting = act().then(
      () => "done",
      (error: unknown) => (error instanceof Error && "code" in error ? String(error.code) : String(error)),
    );
    await Promise.race([watcher.somebodyWaits(), acting]);
    // Wrapped, so that the transaction ends without waiting for it.
    return [acting];
  });
  return (await told) ?? "";
}

/** As `member.remove` does, in the caller's transaction. */
const removed =
  ({ userId }: TestPerson): Taking =>
  async (tx) => {
    const { orgId } = acme;
    const { roleGrants: g, memberships: m } = tables;
    const ended = { endedAt: fleet.clock.now, endedBy: "test" };
    await tx
      .update(g)
      .set(ended)
      .where(and(eq(g.orgId, orgId), eq(g.userId, userId), isNull(g.endedAt)));
    await tx.delete(m).where(and(eq(m.orgId, orgId), eq(m.userId, userId)));
  };

const puppet = async () => await addPerson(fleet, acme, { name: unique("puppet"), role: "viewer" });
const account = async () => (await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } })).id;
const fresh = async () =>
  applied(await policy.create({ ctx: owner(), input: { name: unique("policy"), yaml: POLICY } })).id;
async function proposed(policyId: string): Promise<{ changeId: string; digest: string }> {
  const dev = await addPerson(fleet, acme, { name: unique("dev"), role: "developer" });
  const input = { policyId, baseVersion: 1, yaml: POLICY.replace("GET", "PUT") };
  const { changeId } = await policy.saveVersion({ ctx: fleet.ctx(await dev.actor()), input });
  const { digest } = await change.get({ ctx: owner(), input: { changeId } });
  return { changeId, digest };
}
async function broken(policyId: string): Promise<string> {
  const made = await proposed(policyId);
  await change.breakGlass({ ctx: owner(), input: { ...made, reason: "nobody else was there" } });
  return made.changeId;
}
/** As a crash between the vote and its effect would leave it. */
const approvedUnapplied = async (changeId: string): Promise<void> => {
  const { changes: c } = tables;
  await withOrg(fleet.db, acme.orgId, async (tx) => {
    await tx.update(c).set({ state: "approved" }).where(eq(c.id, changeId));
  });
};

const boxOn = async () => {
  const { nodeId } = await makeNode(fleet, acme, unique("host"));
  const agent = { plugin: "command" as const, command: ["true"] };
  return { name: unique("box"), nodeId, policyId: await fresh(), agent };
};

/** Each prepares what it acts on, and answers the act. */
const acts: Record<string, (ctx: Ctx) => Promise<() => Promise<unknown>>> = {
  "gives a role": async (ctx) => {
    const { userId } = await puppet();
    return () => grant.give({ ctx, input: { userId, role: "operator" } });
  },
  "takes a role": async (ctx) => {
    const { userId } = await puppet();
    const { items } = await grant.list({ ctx: owner(), input: {} });
    const grantId = items.find(({ subject }) => subject.id === userId)?.id ?? "";
    return () => grant.end({ ctx, input: { grantId } });
  },
  "fills a team": async (ctx) => {
    const { userId } = await puppet();
    const { id: teamId } = await team.create({ ctx: owner(), input: { name: unique("team") } });
    return () => team.addMember({ ctx, input: { teamId, userId } });
  },
  invites: async (ctx) => () =>
    invitation.create({ ctx, input: { email: `${unique("puppet")}@acme.example`, role: "owner" } }),
  "widens a role": async (ctx) => {
    const made = await role.create({ ctx: owner(), input: { name: unique("role"), permissions: ["node:read"] } });
    return () => role.update({ ctx, input: { roleId: made.id, permissions: ["node:read", "node:update"] } });
  },
  "removes somebody": async (ctx) => {
    const { userId } = await puppet();
    return () => member.remove({ ctx, input: { userId } });
  },
  "disables an account": async (ctx) => {
    const serviceAccountId = await account();
    return () => serviceAccount.disable({ ctx, input: { serviceAccountId } });
  },
  "labels a node": async (ctx) => {
    const { nodeId } = await makeNode(fleet, acme, unique("host"));
    return () => node.setLabels({ ctx, input: { nodeId, labels: { team: "payments" } } });
  },
  "labels a sandbox": async (ctx) => {
    const { id: sandboxId } = await sandbox.create({ ctx: owner(), input: await boxOn() });
    return () => sandbox.setLabels({ ctx, input: { sandboxId, labels: { team: "payments" } } });
  },
  "makes a sandbox": async (ctx) => {
    const input = { ...(await boxOn()), labels: { team: "payments" } };
    return () => sandbox.create({ ctx, input });
  },
  "makes an address to join by": async (ctx) => () =>
    node.createEnrollSecret({ ctx, input: { labels: { team: "payments" } } }),
  "makes a key of an account": async (ctx) => {
    const serviceAccountId = await account();
    return () => token.create({ ctx, input: { name: "k", role: "viewer", serviceAccountId } });
  },
  "makes a key of their own": async (ctx) => () => token.create({ ctx, input: { name: "k", role: "viewer" } }),
  "rotates a key of an account": async (ctx) => {
    const serviceAccountId = await account();
    const made = await token.create({ ctx: owner(), input: { name: "k", role: "viewer", serviceAccountId } });
    return () => token.rotate({ ctx, input: { tokenId: made.view.id } });
  },
  "saves a version that nobody has to approve": async (ctx) => {
    const policyId = await fresh();
    return () => policy.saveVersion({ ctx, input: { policyId, baseVersion: 1, yaml: POLICY.replace("GET", "PUT") } });
  },
  "breaks the glass": async (ctx) => {
    const { changeId, digest } = await proposed(await fresh());
    return () => change.breakGlass({ ctx, input: { changeId, digest, reason: "nobody else was there" } });
  },
  "keeps what break-glass applied": async (ctx) => {
    const input = { changeId: await broken(await fresh()), verdict: "keep" as const, note: "it shall stay so" };
    return () => change.closeReview({ ctx, input });
  },
  votes: async (ctx) => {
    const ballot = await proposed(await fresh());
    return () => change.vote({ ctx, input: { ...ballot, verdict: "approve" } });
  },
  "applies what is approved": async (ctx) => {
    const { changeId } = await proposed(await fresh());
    await approvedUnapplied(changeId);
    return () => change.apply({ ctx, input: { changeId } });
  },
  "reminds others": async (ctx) => {
    const { changeId } = await proposed(await fresh());
    return () => change.remind({ ctx, input: { changeId } });
  },
  "takes somebody's change back": async (ctx) => {
    const { changeId } = await proposed(await fresh());
    return () => change.withdraw({ ctx, input: { changeId, reason: "not any more" } });
  },
};

describe("a member who is removed a moment before", () => {
  for (const [name, prepare] of Object.entries(acts))
    test(`gives nothing any more: ${name}`, async () => {
      const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "owner" });
      const ctx = fleet.ctx(await mallory.actor());
      const act = await prepare(ctx);
      expect(await actingWhile(removed(mallory), act)).toBe("unauthenticated");
      const rows = await watcher.sql`select action from audit_events where actor_id = ${mallory.userId}`;
      expect(rows).toEqual([]);
    });
});

describe("a right that is taken a moment before", () => {
  test("is not acted by, though its holder stays a member", async () => {
    const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "viewer" });
    await grant.give({ ctx: owner(), input: { userId: mallory.userId, role: "security_admin" } });
    const { userId } = await puppet();
    const ctx = fleet.ctx(await mallory.actor());
    const { userId: id } = mallory;
    const g = tables.roleGrants;
    const demote: Taking = (tx) =>
      tx
        .update(g)
        .set({ endedAt: fleet.clock.now, endedBy: "test" })
        .where(and(eq(g.orgId, acme.orgId), eq(g.userId, id), eq(g.role, "security_admin")));
    const input = { userId, role: "approver" as const };
    expect(await actingWhile(demote, () => grant.give({ ctx, input }))).toMatch(/^(not_found|forbidden)$/);
  });

  test("is not acted by through a key that is revoked, nor through one of an account that lost it", async () => {
    const policyId = await fresh();
    const k = tables.apiTokens;
    const g = tables.roleGrants;
    const takings: ((key: ApiKeyActor) => Taking)[] = [
      (key) => (tx) => tx.update(k).set({ revokedAt: fleet.clock.now }).where(eq(k.id, key.tokenId)),
      (key) => (tx) =>
        tx.update(g).set({ endedAt: fleet.clock.now, endedBy: "test" }).where(eq(g.serviceAccountId, key.owner.id)),
    ];
    for (const taking of takings) {
      const serviceAccountId = await account();
      await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
      const input = { name: "robot", role: "owner" as const, serviceAccountId };
      const made = await token.create({ ctx: owner(), input });
      const key = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: made.token } });
      if (key === null) throw new Error("the key does not hold");
      const version = { policyId, baseVersion: 1, yaml: POLICY.replace("GET", "PUT") };
      const save = () => policy.saveVersion({ ctx: fleet.ctx(key), input: version });
      expect(await actingWhile(taking(key), save)).toBe("unauthenticated");
    }
  });

  test("is none of a sign-in that has ended", async () => {
    const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "owner" });
    const actor = { ...(await mallory.actor()), sessionId: "0190a000-0000-7000-8000-000000000000" };
    const input = { email: `${unique("puppet")}@acme.example`, role: "viewer" as const };
    await expect(invitation.create({ ctx: fleet.ctx(actor), input })).rejects.toMatchObject({
      code: "unauthenticated",
    });
  });
});

test("an exception that one may grant alone is not granted by rights of before", async () => {
  const host = await makeNode(fleet, acme, unique("host"));
  const agent = { plugin: "command" as const, command: ["true"] };
  const policyId = await fresh();
  const box = await sandbox.create({
    ctx: owner(),
    input: { name: unique("box"), nodeId: host.nodeId, policyId, agent },
  });
  const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "operator" });
  const ctx = fleet.ctx(await mallory.actor());
  const input = { sandboxIds: [box.id], host: "evil.example", port: 443, binary: "/usr/bin/curl", reason: "mine" };
  expect(await actingWhile(removed(mallory), () => exception.grant({ ctx, input }))).toBe("unauthenticated");
});

test("a domain is verified by nobody who was removed while its name server took its time", async () => {
  const mallory = await addPerson(fleet, acme, { name: unique("mallory"), role: "owner" });
  const ctx = fleet.ctx(await mallory.actor());
  const { id: domainId, record } = await sso.addDomain({ ctx, input: { domain: "acme.example" } });
  const world = ctx.sso;
  if (world === undefined) throw new Error("the test needs the world outside");
  const resolveTxt = async () => {
    await member.remove({ ctx: owner(), input: { userId: mallory.userId } });
    return [[record.value]];
  };
  const slow = { ...ctx, sso: { ...world, resolveTxt } };
  await expect(sso.verifyDomain({ ctx: slow, input: { domainId } })).rejects.toMatchObject({ code: "unauthenticated" });
  const { domains } = await sso.get({ ctx: owner(), input: {} });
  expect(domains.find(({ id }) => id === domainId)?.verifiedAt).toBeNull();
});
