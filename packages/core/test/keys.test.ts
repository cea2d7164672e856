import { eq, newId, sql, type Tx, tables, withOrg } from "@creel/db";
import fc from "fast-check";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boundGrants, earlier, type Labels, mayOn, type Scope } from "../src/authz/grant.ts";
import { expectHolds } from "../src/authz/holds.ts";
import {
  type ApiKeyActor,
  audit,
  auth,
  type Grant,
  grant,
  member,
  org,
  type Permission,
  policy,
  role,
  serviceAccount,
  token,
} from "../src/index.ts";
import { PAGE_MAX } from "../src/limits.ts";
import { MAKERS_MAX, workingKeys } from "../src/token/family.ts";
import { keyNameSchema, labelOfKey } from "../src/token/name.ts";
import { KEYS_WORKING_MAX } from "../src/token/own.ts";
import { tokenViews } from "../src/token/view.ts";
import { applied } from "./support/applied.ts";
import { type Fleet, makeOrg, openFleet, POLICY, type TestOrg } from "./support/fleet.ts";
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

const account = async () => (await serviceAccount.create({ ctx: owner(), input: { name: unique("robot") } })).id;
async function resolve(text: string): Promise<ApiKeyActor> {
  const actor = await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } });
  if (actor === null) throw new Error("the key does not hold");
  return actor;
}
const holds = async (text: string) =>
  (await auth.resolveApiToken({ ctx: fleet.ctx(null), input: { token: text } })) !== null;
/** Somebody who may make and rotate keys, and otherwise develops over staging. */
async function keeper() {
  const permissions = ["token:create" as const, "token:update" as const, "token:read" as const];
  const keys = await role.create({ ctx: owner(), input: { name: unique("keeper"), permissions } });
  const scope = { env: ["staging"] };
  const person = await addPerson(fleet, acme, { name: unique("mallory"), role: "developer", scope });
  await grant.give({ ctx: owner(), input: { userId: person.userId, role: keys.id } });
  return fleet.ctx(await person.actor());
}

describe("a key of a service account", () => {
  test("is no wider than its maker, however little the account holds on that day", async () => {
    const ctx = await keeper();
    const serviceAccountId = await account();
    const make = (input: object) => token.create({ ctx, input: { name: "k", serviceAccountId, ...input } });
    await expect(make({ role: "owner" })).rejects.toMatchObject(forbidden);
    // The right permissions, and not the scope over which the maker has them.
    await expect(make({ permissions: ["sandbox:create"] })).rejects.toMatchObject(forbidden);
    await expect(make({ permissions: ["sandbox:create"], scope: { env: ["prod"] } })).rejects.toMatchObject(forbidden);
    const made = await make({ permissions: ["sandbox:create"], scope: { env: ["staging"] } });
    // The account grows, and the key with it only as far as its bounds go.
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    expect((await resolve(made.token)).grants).toMatchObject([{ scope: { env: ["staging"] } }]);
    expect([...((await resolve(made.token)).grants[0]?.permissions ?? [])]).toEqual(["sandbox:create"]);
  });

  test("ends no later than what its maker holds for a while", async () => {
    const person = await addPerson(fleet, acme, { name: unique("lent"), role: "viewer" });
    await grant.give({ ctx: owner(), input: { userId: person.userId, role: "owner", hours: 24 } });
    const ctx = fleet.ctx(await person.actor());
    const input = { name: "k", role: "operator" as const, serviceAccountId: await account() };
    await expect(token.create({ ctx, input })).rejects.toMatchObject(forbidden);
    await token.create({ ctx, input: { ...input, expiresInDays: 1 } });
  });

  test("is not handed by rotation to somebody who holds less than its bounds", async () => {
    const serviceAccountId = await account();
    const made = await token.create({ ctx: owner(), input: { name: "k", role: "owner", serviceAccountId } });
    const ctx = await keeper();
    await expect(token.rotate({ ctx, input: { tokenId: made.view.id } })).rejects.toMatchObject(forbidden);
  });

  test("that makes keys of its own account makes none wider than itself", async () => {
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    const permissions = ["token:create" as const, "node:read" as const];
    const made = await token.create({ ctx: owner(), input: { name: "maker", permissions, serviceAccountId } });
    const ctx = fleet.ctx(await resolve(made.token));
    await expect(token.create({ ctx, input: { name: "k", role: "viewer" } })).rejects.toMatchObject(forbidden);
    await token.create({ ctx, input: { name: "k", permissions: ["node:read"] } });
  });

  test("may never do what its maker could not, whatever its account is granted later", () => {
    const known: Permission[] = ["node:read", "node:update", "sandbox:operate", "token:create"];
    const scope = fc.option(
      fc.dictionary(fc.constantFrom("env", "team"), fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }), {
        minKeys: 1,
      }),
    );
    const end = fc.option(fc.integer({ min: 1, max: 5 }).map((hour) => new Date(hour)));
    const permissions = fc.uniqueArray(fc.constantFrom(...known), { minLength: 1 }).map((list) => new Set(list));
    const held = fc
      .record({ permissions, scope, expiresAt: end })
      .map((given): Grant => ({ grantId: "", role: "", via: null, ...given }));
    const labels = fc.dictionary(fc.constantFrom("env", "team"), fc.constantFrom("a", "b", "c"));
    const inForce = (grants: readonly Grant[], at: Date): Grant[] =>
      grants.filter(({ expiresAt }) => expiresAt === null || expiresAt > at);
    let made = 0;
    fc.assert(
      fc.property(
        fc.array(held, { maxLength: 3 }),
        fc.record({ permissions, scope, expiresAt: end }),
        fc.array(held, { maxLength: 3 }),
        fc.tuple(labels, fc.constantFrom(...known), fc.integer({ min: 0, max: 5 })),
        (maker, bound, account, [on, permission, hour]) => {
          if (!wouldBeMade(maker, bound)) return;
          made += 1;
          const at = new Date(hour);
          if (bound.expiresAt !== null && bound.expiresAt <= at) return;
          const key = inForce(boundGrants(inForce(account, at), bound), at);
          expect(may(key, permission, on) && !may(inForce(maker, at), permission, on)).toBe(false);
          // Nor for longer: a key never outlives what it was judged by.
          for (const each of key) expect(earlier(each.expiresAt, bound.expiresAt)).toEqual(each.expiresAt);
        },
      ),
      { numRuns: 5_000 },
    );
    // Enough were made that the claim is about something.
    expect(made).toBeGreaterThan(100);
  });

  type Bound = { permissions: ReadonlySet<Permission>; scope: Scope | null; expiresAt: Date | null };
  const wouldBeMade = (maker: readonly Grant[], bound: Bound): boolean => {
    try {
      expectHolds({ grants: maker }, [bound]);
      return true;
    } catch {
      return false;
    }
  };
  const may = (grants: readonly Grant[], permission: Permission, labels: Labels): boolean => {
    const [kind, action] = permission.split(":") as [Parameters<typeof mayOn>[1]["kind"], never];
    return mayOn(grants, { kind, action, labels });
  };
});

describe("a key that acts", () => {
  test("is named with whose it is, in the audit, as an author and to itself", async () => {
    const person = await addPerson(fleet, acme, { name: unique("ada"), role: "developer" });
    const made = await token.create({ ctx: fleet.ctx(await person.actor()), input: { name: "ci", role: "developer" } });
    const ctx = fleet.ctx(await resolve(made.token));
    const called = `ci (key of ${person.email})`;
    const { id: policyId } = applied(
      await policy.create({ ctx: owner(), input: { name: unique("policy"), yaml: POLICY } }),
    );
    await policy.saveVersion({ ctx, input: { policyId, baseVersion: 1, yaml: POLICY.replace("GET", "PUT") } });
    const [row] = (await audit.list({ ctx: owner(), input: { actor: made.view.id, limit: 1 } })).items;
    expect(row?.actor).toEqual({ kind: "apiKey", id: made.view.id, label: called });
    expect((await org.whoAmI({ ctx, input: {} })).actor).toMatchObject({ id: made.view.id, label: called });
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "viewer" } });
    const robot = await token.create({ ctx: owner(), input: { name: "ci", role: "viewer", serviceAccountId } });
    expect((await resolve(robot.token)).ownerLabel).toMatch(/^robot-\d+$/);
  });

  test("takes no name that reads as an owner, or that hides or turns what stands beside it", () => {
    const names = [
      "boss (key of boss@corp.example)",
      "boss\uFF08key of boss@corp.example\uFF09",
      "evil\u202Emoc.proc",
      "a\u200Bb",
      "a\nb",
      "a\u0007b",
      "a\u2028b",
      "\uE000",
      "ci\u3164",
      "a\u2800b",
      "a\u00a0b",
      "   ",
      "x".repeat(65),
    ];
    for (const name of names) expect([name, keyNameSchema.safeParse(name).success]).toEqual([name, false]);
    for (const name of ["ci", "login on my-laptop", "Überwachung [nightly]", "x".repeat(64)])
      expect([name, keyNameSchema.safeParse(name).success]).toEqual([name, true]);
    // One that was given before there was a rule shows that something is hidden.
    expect(labelOfKey({ name: "a\u202Eb", ownerLabel: "ada@acme.example" })).toBe(
      "a\\u202eb (key of ada@acme.example)",
    );
  });
});

describe("revoking a key", () => {
  /** A key that may make and rotate keys, which makes one, which makes one, which is rotated. */
  async function lineage() {
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    const input = { name: "k", role: "owner" as const };
    const first = await token.create({ ctx: owner(), input: { ...input, serviceAccountId } });
    const beside = await token.create({ ctx: owner(), input: { ...input, serviceAccountId } });
    const made = async (by: string) => await token.create({ ctx: fleet.ctx(await resolve(by)), input });
    const child = await made(first.token);
    const grandchild = await made(child.token);
    const rotated = await token.rotate({
      ctx: fleet.ctx(await resolve(grandchild.token)),
      input: { tokenId: grandchild.view.id },
    });
    // And one of others that it made anew, whose secret it has.
    const taken = await token.rotate({
      ctx: fleet.ctx(await resolve(first.token)),
      input: { tokenId: beside.view.id },
    });
    return { first, beside, child, grandchild, rotated, taken };
  }

  test("ends what it made, what those made, and what that was rotated to, and says how many beforehand", async () => {
    const { first, beside, child, grandchild, rotated, taken } = await lineage();
    const { items } = await token.list({ ctx: owner(), input: {} });
    expect(items.find(({ id }) => id === first.view.id)?.endsWithIt).toEqual({ rotated: 0, made: 4 });
    expect(await token.revoke({ ctx: owner(), input: { tokenId: first.view.id } })).toEqual({ ok: true, ended: 5 });
    for (const each of [first, child, grandchild, rotated, taken]) expect(await holds(each.token)).toBe(false);
    // In whose place it made one it did not come of, and neither does its maker end with it.
    expect(await holds(beside.token)).toBe(true);
  });

  test("leaves its maker, and leaves what it made where that is asked for", async () => {
    const { first, child, grandchild, rotated } = await lineage();
    const input = { tokenId: child.view.id, made: "keep" as const };
    expect(await token.revoke({ ctx: owner(), input })).toEqual({ ok: true, ended: 1 });
    const works = await Promise.all([first, child, grandchild, rotated].map((each) => holds(each.token)));
    expect(works).toEqual([true, false, true, true]);
  });

  test("overlaps with no making: of both at once none is left that works", async () => {
    for (let round = 0; round < 3; round++) {
      const serviceAccountId = await account();
      await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
      const input = { name: "k", role: "owner" as const };
      const first = await token.create({ ctx: owner(), input: { ...input, serviceAccountId } });
      const ctx = fleet.ctx(await resolve(first.token));
      const [made] = await Promise.allSettled([
        token.create({ ctx, input }),
        token.revoke({ ctx: owner(), input: { tokenId: first.view.id } }),
      ]);
      if (made.status === "fulfilled") expect(await holds(made.value.token)).toBe(false);
    }
  });

  test("ends what a walk of all that was made and rotated finds, whatever made what", async () => {
    const accounts = [await account(), await account()];
    for (const serviceAccountId of accounts)
      await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    interface Made {
      id: string;
      token: string;
      from: Made | null;
      by: Made | null;
    }
    const keys: Made[] = [];
    const step = fc.record({ by: fc.nat(), of: fc.option(fc.nat()), account: fc.nat(1), byKey: fc.boolean() });
    for (const { by, of, account: which, byKey } of fc.sample(step, { seed: 7, numRuns: 40 })) {
      const maker = byKey ? (keys[by % (keys.length || 1)] ?? null) : null;
      const from = of === null ? null : (keys[of % (keys.length || 1)] ?? null);
      const ctx = maker === null ? owner() : fleet.ctx(await resolve(maker.token));
      const serviceAccountId = accounts[which] ?? "";
      const asked =
        from === null
          ? token.create({ ctx, input: { name: "k", role: "owner", serviceAccountId } })
          : token.rotate({ ctx, input: { tokenId: from.id } });
      // A key that was rotated has an end, and makes none that outlives it.
      const made = await asked.catch((error: { code?: unknown }) => {
        expect(error.code).toBe("forbidden");
        return null;
      });
      if (made === null) continue;
      keys.push({ id: made.view.id, token: made.token, from, by: maker });
    }
    // The slow way: over and over, until nothing comes along any more.
    const grown = (seed: Iterable<Made>, joins: (key: Made, set: ReadonlySet<Made>) => boolean) => {
      const set = new Set(seed);
      for (let size = -1; size !== set.size; ) {
        size = set.size;
        for (const key of keys) if (joins(key, set)) set.add(key);
      }
      return set;
    };
    const has = (set: ReadonlySet<Made>, key: Made | null) => key !== null && set.has(key);
    const { items } = await token.list({ ctx: owner(), input: {} });
    let most = 0;
    for (const key of keys) {
      const kin = grown([key], (one, set) => has(set, one.from) || [...set].some(({ from }) => from === one));
      const all = grown(kin, (one, set) => has(set, one.from) || has(set, one.by));
      const said = items.find(({ id }) => id === key.id)?.endsWithIt;
      expect(said).toEqual({ rotated: kin.size - 1, made: all.size - kin.size });
      most = Math.max(most, all.size - kin.size);
    }
    expect(most).toBeGreaterThan(3);
  });

  test("and looking at keys costs nothing for those that are over, however many were made or rotated", async () => {
    const t = tables.apiTokens;
    const dead = 6_000;
    const { view } = await token.create({ ctx: owner(), input: { name: "chain", role: "viewer" } });
    await withOrg(fleet.db, acme.orgId, async (tx) => {
      const [row] = await tx.select().from(t).where(eq(t.id, view.id));
      if (row === undefined) throw new Error("no key");
      const past = new Date(fleet.clock.now.getTime() - 1);
      const rows = Array.from({ length: dead }, (_, at) => {
        const id = newId(fleet.clock.now);
        // One came in the place of the other, some revoked and some run out.
        return {
          ...row,
          id,
          tokenHash: id,
          rotatedFrom: view.id,
          ...(at % 2 ? { revokedAt: past } : { expiresAt: past }),
        };
      });
      for (let at = 0; at < dead; at += 1_000) await tx.insert(t).values(rows.slice(at, at + 1_000));
    });
    const admin = postgres(fleet.ownerUrl, { max: 1, prepare: false });
    await admin`vacuum analyze api_tokens`;
    await admin.end();
    /** Rows of keys that were read for it, from whatever index or none. */
    const read = async (work: (tx: Tx) => Promise<unknown>): Promise<number> =>
      await withOrg(fleet.db, acme.orgId, async (tx) => {
        const soFar = async () => {
          const [row] = await tx.execute<{ read: number }>(sql`select (seq_tup_read + idx_tup_fetch)::int as read
            from pg_stat_xact_user_tables where relname = 'api_tokens'`);
          return row?.read ?? Number.NaN;
        };
        const before = await soFar();
        await work(tx);
        return (await soFar()) - before;
      });
    const { orgId, userId } = acme;
    const now = fleet.clock.now;
    const working = (await withOrg(fleet.db, orgId, (tx) => workingKeys(tx, orgId, now))).length;
    // Those that work, and a page; a walk of all that were made reads over 6,000.
    const page = PAGE_MAX + 6 * working;
    expect(page).toBeLessThan(dead / 4);
    expect(await read((tx) => tokenViews(tx, { orgId, now }))).toBeLessThanOrEqual(page);
    expect(await read((tx) => tokenViews(tx, { orgId, ownerUserId: userId, now }))).toBeLessThanOrEqual(page);
    expect(await read((tx) => tokenViews(tx, { orgId, tokenId: view.id, now }))).toBeLessThanOrEqual(4 * working);
    expect(await read((tx) => workingKeys(tx, orgId, now))).toBeLessThanOrEqual(2 * working);
    // Nor do they push out of the list what works.
    const listed = await token.list({ ctx: owner(), input: {} });
    expect(listed.items).toHaveLength(PAGE_MAX);
    expect(listed.items.some(({ id }) => id === view.id)).toBe(true);
  });
});

describe("a key that was made for another account", () => {
  /** Made by a key of somebody else, for an account that stays. */
  async function madeBy(maker: ApiKeyActor) {
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "viewer" } });
    return await token.create({ ctx: fleet.ctx(maker), input: { name: "stays", role: "viewer", serviceAccountId } });
  }

  test("ends when whoever's key made it is removed, and what a person made for it without a key stays", async () => {
    const person = await addPerson(fleet, acme, { name: unique("eve"), role: "owner" });
    const own = fleet.ctx(await person.actor());
    const key = await token.create({ ctx: own, input: { name: "k", role: "owner" } });
    // Over for long when she is removed.
    const made = await madeBy(await resolve(key.token));
    await token.revoke({ ctx: own, input: { tokenId: key.view.id, made: "keep" } });
    const again = await token.create({ ctx: own, input: { name: "k", role: "owner" } });
    const other = await madeBy(await resolve(again.token));
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "viewer" } });
    const byHand = await token.create({ ctx: own, input: { name: "by hand", role: "viewer", serviceAccountId } });
    const removed = await member.remove({ ctx: owner(), input: { userId: person.userId } });
    expect(removed.keysEnded).toBe(3);
    const works = await Promise.all([again, made, other, byHand].map((each) => holds(each.token)));
    expect(works).toEqual([false, false, false, true]);
    const { items } = await audit.list({ ctx: owner(), input: { action: "token.revoke" } });
    for (const { view } of [made, other]) expect(items.some(({ resource }) => resource.id === view.id)).toBe(true);
  });

  test("ends when the account whose key made it is disabled", async () => {
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    const key = await token.create({ ctx: owner(), input: { name: "k", role: "owner", serviceAccountId } });
    const made = await madeBy(await resolve(key.token));
    expect((await serviceAccount.disable({ ctx: owner(), input: { serviceAccountId } })).keysEnded).toBe(2);
    expect(await holds(made.token)).toBe(false);
  });

  test("is not made by keys that were made by keys without end", async () => {
    const serviceAccountId = await account();
    await grant.give({ ctx: owner(), input: { serviceAccountId, role: "owner" } });
    const input = { name: "k", role: "owner" as const };
    let last = await token.create({ ctx: owner(), input: { ...input, serviceAccountId } });
    for (let depth = 1; depth <= MAKERS_MAX; depth++)
      last = await token.create({ ctx: fleet.ctx(await resolve(last.token)), input });
    const ctx = fleet.ctx(await resolve(last.token));
    await expect(token.create({ ctx, input })).rejects.toMatchObject({ code: "conflict" });
  });
});

describe("an owner", () => {
  test("has a bounded number of keys that work, made and rotated alike, and gets out of it by ending some", async () => {
    const t = tables.apiTokens;
    const serviceAccountId = await account();
    const make = () => token.create({ ctx: owner(), input: { name: "k", role: "viewer", serviceAccountId } });
    const { view } = await make();
    const tokenId = view.id;
    await withOrg(fleet.db, acme.orgId, async (tx) => {
      const [row] = await tx.select().from(t).where(eq(t.id, tokenId));
      if (row === undefined) throw new Error("no key");
      const alike = Array.from({ length: KEYS_WORKING_MAX - 2 }, () => {
        const id = newId(fleet.clock.now);
        return { ...row, id, tokenHash: id };
      });
      await tx.insert(t).values(alike);
    });
    const last = await make();
    const conflict = { code: "conflict" };
    await expect(make()).rejects.toMatchObject(conflict);
    const rotate = (id: string, overlapMinutes: number) =>
      token.rotate({ ctx: owner(), input: { tokenId: id, overlapMinutes } });
    await expect(rotate(tokenId, 1)).rejects.toMatchObject(conflict);
    // What was refused left nothing, and what replaces a key at once is none more.
    await rotate(tokenId, 0);
    await expect(make()).rejects.toMatchObject(conflict);
    await token.revoke({ ctx: owner(), input: { tokenId: last.view.id } });
    await make();
  });
});
