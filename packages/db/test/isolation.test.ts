import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, eq, listenEvents, notify, openDb, sql, tables, withOrg, withSystem } from "../src/index.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";
import { type Pooler, startPooler } from "./pooler.ts";

const failure = async (work: Promise<unknown>): Promise<string> =>
  await work.then(
    () => "no failure",
    (error: unknown) => (error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)),
  );

describe.each([
  ["straight to Postgres", false],
  ["through a pooler of transactions with three connections", true],
] as const)("%s", (_, pooled) => {
  let database: FreshDatabase;
  let pooler: Pooler | null = null;
  let urls: { appUrl: string; systemUrl: string };
  let db: Db;
  const [orgA, orgB] = [randomUUID(), randomUUID()];
  const node = (orgId: string, name: string) => ({
    orgId,
    id: randomUUID(),
    name,
    state: "active",
    publicKeyHash: "00",
    enrolledAt: new Date(),
  });
  const [nodeA, nodeB] = [node(orgA, "a"), node(orgB, "b")];

  beforeAll(async () => {
    database = await freshDatabase();
    pooler = pooled ? await startPooler(database) : null;
    urls = pooler ?? database;
    db = openDb(urls);
    await withSystem(db, async (tx) => {
      await tx.insert(tables.orgs).values([orgA, orgB].map((id) => ({ id, slug: id, name: id })));
    });
    for (const row of [nodeA, nodeB]) await withOrg(db, row.orgId, (tx) => tx.insert(tables.nodes).values(row));
  });
  afterAll(async () => {
    await db?.close();
    await pooler?.stop();
    await database?.close();
  });

  test("a connection that names no org sees nothing, also after one that did", async () => {
    const app = postgres(urls.appUrl, { max: 1, prepare: false });
    expect(await app`select * from nodes`).toHaveLength(0);
    await app.begin(async (tx) => {
      await tx`select set_config('app.org_id', ${orgA}, true)`;
      expect(await tx`select * from nodes`).toHaveLength(1);
    });
    expect(await app`select * from nodes`).toHaveLength(0);
    await expect(app`select password_hash from users`).rejects.toThrow(/permission denied/);
    await expect(app`select * from decisions_default`).rejects.toThrow(/permission denied/);
    await app.end();
  });

  test("an org cannot read, write or take over another org's row", async () => {
    const t = tables.nodes;
    await withOrg(db, orgA, async (tx) => {
      expect(await tx.select().from(t).where(eq(t.id, nodeB.id))).toHaveLength(0);
      expect(await tx.update(t).set({ name: "mine" }).where(eq(t.id, nodeB.id)).returning()).toHaveLength(0);
    });
    expect(await failure(withOrg(db, orgA, (tx) => tx.insert(t).values(node(orgB, "x"))))).toMatch(
      /row-level security/,
    );
    const move = withOrg(db, orgA, (tx) => tx.update(t).set({ orgId: orgB }).where(eq(t.id, nodeA.id)));
    expect(await failure(move)).toMatch(/row-level security/);
  });

  test("a row of one org cannot refer to a row of another", async () => {
    const plan = { orgId: orgA, id: randomUUID(), nodeId: nodeB.id, generation: 1, parent: 0, state: "pending" };
    const insert = withOrg(db, orgA, (tx) =>
      tx.insert(tables.plans).values({ ...plan, cause: "sandbox.create", digest: "x", content: {} }),
    );
    expect(await failure(insert)).toMatch(/foreign key/);
  });

  test("an id that exists in another org may be used: no answer tells that it is taken", async () => {
    const same = { ...node(orgA, "same-id"), id: nodeB.id };
    expect(await failure(withOrg(db, orgA, (tx) => tx.insert(tables.nodes).values(same)))).toBe("no failure");
    await withOrg(db, orgA, (tx) =>
      tx.update(tables.nodes).set({ revokedAt: new Date() }).where(eq(tables.nodes.id, nodeB.id)),
    );
  });

  test("hundreds of interleaved transactions of two orgs each see their own rows only", async () => {
    const told = await Promise.all(
      Array.from({ length: 300 }, async (_, at) => {
        const [orgId, other] = at % 2 === 0 ? [orgA, orgB] : [orgB, orgA];
        return await withOrg(db, orgId, async (tx) => {
          await tx.execute(sql`select pg_sleep(0.001)`);
          const rows = await tx.select({ orgId: tables.nodes.orgId }).from(tables.nodes);
          return rows.length > 0 && rows.every((row) => row.orgId === orgId && row.orgId !== other);
        });
      }),
    );
    expect(told.every(Boolean)).toBe(true);
  });

  test("the system role cannot read what is not on its list, nor sealed keys", async () => {
    for (const table of ["nodes", "org_keys", "policies", "sandboxes", "decisions", "audit_events"])
      expect(await failure(withSystem(db, (tx) => tx.execute(sql.raw(`select * from ${table}`))))).toMatch(
        /permission denied/,
      );
  });

  test("events carry ids only, come after the commit, and nonsense on the channel is nobody's event", async () => {
    const heard: unknown[] = [];
    let done = (): void => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    // A listener needs a connection of its own: a pooler of transactions cannot hold one for it.
    const listener = await listenEvents(database.appUrl, (event) => {
      heard.push(event);
      if (event.topic === "audit") done();
    });
    const app = postgres(urls.appUrl, { max: 1 });
    await app`select pg_notify('creel_events', 'nonsense')`;
    await withOrg(db, orgA, (tx) => notify(tx, { orgId: orgA, topic: "nodes", id: nodeA.id }));
    await failure(
      withOrg(db, orgA, async (tx) => {
        await notify(tx, { orgId: orgA, topic: "policies" });
        throw new Error("rolled back");
      }),
    );
    await withOrg(db, orgB, (tx) => notify(tx, { orgId: orgB, topic: "audit" }));
    await all;
    expect(heard).toEqual([
      { orgId: orgA, topic: "nodes", id: nodeA.id },
      { orgId: orgB, topic: "audit" },
    ]);
    await app.end();
    await listener.close();
  });
});
