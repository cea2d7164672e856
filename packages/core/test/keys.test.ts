import { eq, newId, tables, withOrg } from "@creel/db";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { boundGrants, earlier, type Labels, mayOn, type Scope } from "../src/authz/grant.ts";
import { expectHolds } from "../src/authz/holds.ts";
import {
  type ApiKeyActor,
  audit,
  auth,
  type Grant,
  grant,
  org,
  type Permission,
  policy,
  role,
  serviceAccount,
  token,
} from "../src/index.ts";
import { familiesOf } from "../src/token/family.ts";
import { keyNameSchema, labelOfKey } from "../src/token/name.ts";
import { KEYS_WORKING_MAX } from "../src/token/own.ts";
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

  test("walks a circle, which nothing makes, once", () => {
    const edge = (from: string, to: string) => ({ from, to });
    const lineageOfAll = { rotated: [edge("a", "b"), edge("b", "a")], made: [edge("b", "c"), edge("c", "a")] };
    const { kin, made } = familiesOf(lineageOfAll)("a");
    expect([[...kin].sort(), [...made]]).toEqual([["a", "b"], ["c"]]);
  });

  test("costs no more than there are keys: a list of one that was rotated by the thousand comes of one walk", () => {
    // Each family anew, or a list copied for each edge, takes hours here and not a blink.
    const ids = Array.from({ length: 20_000 }, (_, at) => `k${at}`);
    const star = ids.slice(1).map((to) => ({ from: "k0", to }));
    const chain = ids.slice(1).map((to, at) => ({ from: `k${at}`, to }));
    for (const rotated of [star, chain]) {
      const familyOf = familiesOf({ rotated, made: [] });
      for (const id of ids) expect(familyOf(id).kin.size).toBe(ids.length);
    }
    const made = familiesOf({ rotated: [], made: star })("k0");
    expect([made.kin.size, made.made.size]).toEqual([1, ids.length - 1]);
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
