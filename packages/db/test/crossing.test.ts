/**
 * Transactions that cross from the system's role into an org, and what each holds while it waits. What is counted are connections, and
 * what is looked at is who went first; nothing here hangs on time.
 */
import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CROSSING_LOCK_WAIT_MS_MAX } from "../src/client.ts";
import {
  asCaller,
  busyFor,
  type Crossing,
  type Db,
  openDb,
  sql,
  type Tx,
  tables,
  withOrg,
  withSystemFor,
} from "../src/index.ts";
import { orgAtOnceMax } from "../src/pools.ts";
import { type FreshDatabase, freshDatabase } from "./database.ts";
import { type Pooler, startPooler } from "./pooler.ts";

/** More than all connections there are, so that one that was lost each time would be missed. */
const ROUNDS = 12;

/** What waits until it is opened. */
function gate() {
  let open = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}
const someone = (): Crossing => ({ orgId: randomUUID(), userId: randomUUID() });
const nothing = async (): Promise<void> => {};
/** A crossing that goes on in its org, as all of them do. */
const cross = (db: Db, who: Crossing, work: (tx: Tx) => Promise<void> = nothing): Promise<void> =>
  withSystemFor(db, who, async () => await withOrg(db, who.orgId, work));
const busy = (error: unknown): boolean => busyFor(error) !== null;

describe.each([
  ["straight to Postgres", false],
  ["through a pooler of transactions with three connections", true],
] as const)("%s", (_, pooled) => {
  let database: FreshDatabase;
  let pooler: Pooler | null = null;
  let db: Db;
  let owner: postgres.Sql;
  const ofOrg = orgAtOnceMax(pooled ? 3 : undefined);

  beforeAll(async () => {
    database = await freshDatabase();
    pooler = pooled ? await startPooler(database) : null;
    db = openDb({ ...(pooler ?? database), poolMax: pooled ? 3 : undefined });
    owner = postgres(database.ownerUrl, { max: 1, prepare: false });
  });
  afterAll(async () => {
    await owner?.end();
    await db?.close();
    await pooler?.stop();
    await database?.close();
  });

  /** Transactions of the system's role that are begun and not ended. */
  const held = async (): Promise<number> => {
    const [row] = await owner`
      select count(*)::int as held from pg_stat_activity
        where datname = current_database() and usename = 'creel_system' and xact_start is not null`;
    return Number(row?.held);
  };

  /** Holds as many transactions of the org as it may have at once. */
  const jam = async (orgId: string): Promise<() => Promise<void>> => {
    const { open, opened } = gate();
    const begun = Array.from({ length: ofOrg }, () => gate());
    // Each by another caller, for one alone has less than the org's share.
    const jams = begun.map((one, n) =>
      asCaller(`jam ${n}`, () =>
        withOrg(db, orgId, async () => {
          one.open();
          await opened;
        }),
      ),
    );
    await Promise.all(begun.map((one) => one.opened));
    return async () => {
      open();
      await Promise.all(jams);
    };
  };

  test("a crossing goes on in the turn of its org that it took before, however few there are", async () => {
    const who = someone();
    const ids = new Set<string>();
    await withSystemFor(db, who, async () => {
      for (let i = 0; i < ofOrg + 1; i++)
        await withOrg(db, who.orgId, async (tx) => {
          const [row] = await tx.execute<{ org: string }>(sql`select current_setting('app.org_id') as org`);
          ids.add(row?.org ?? "");
        });
    });
    expect(ids).toEqual(new Set([who.orgId]));
    await Promise.all(Array.from({ length: ROUNDS }, () => cross(db, who)));
    await Promise.all(Array.from({ length: ROUNDS }, () => cross(db, someone())));
  });

  test("who waits for a jammed org holds no connection, not its person's turn, and no other org's", async () => {
    const inJam = someone();
    const jammed = await jam(inJam.orgId);
    let over = false;
    const waits = cross(db, inJam).then(() => {
      over = true;
    });
    const more = Array.from({ length: ROUNDS }, () => cross(db, { ...inJam, userId: randomUUID() }));
    // The same person in another org, and others in theirs.
    await cross(db, { orgId: randomUUID(), userId: inJam.userId });
    for (let i = 0; i < ROUNDS; i++) await cross(db, someone());
    expect([over, await held()]).toEqual([false, 0]);
    await jammed();
    await Promise.all([waits, ...more]);
  });

  test("two acts of one person in two orgs take one connection, and a third person's goes on beside them", async () => {
    const { open, opened } = gate();
    const begun = gate();
    const userId = randomUUID();
    let second = false;
    const first = withSystemFor(db, { orgId: randomUUID(), userId }, async () => {
      begun.open();
      await opened;
      return second;
    });
    await begun.opened;
    const next = withSystemFor(db, { orgId: randomUUID(), userId }, async () => {
      second = true;
    });
    const others = ofOrg === 1 ? [] : Array.from({ length: ROUNDS }, () => cross(db, someone()));
    await Promise.all(others);
    expect(await held()).toBe(1);
    open();
    expect(await first).toBe(false);
    await next;
    expect(second).toBe(true);
  });

  test("what fails, is refused, or loses its connection gives its turns back", async () => {
    const who = someone();
    for (let i = 0; i < ROUNDS; i++) {
      const fails = withSystemFor(db, who, async () => await Promise.reject(new Error("no")));
      await expect(fails).rejects.toThrow("no");
      await expect(cross(db, who, async () => await Promise.reject(new Error("nor here")))).rejects.toThrow("nor here");
    }
    for (let i = 0; i < ROUNDS; i++)
      await expect(withSystemFor(db, { ...who, isFar: i % 2 === 0 }, killed)).rejects.toThrow();
    for (let i = 0; i < ROUNDS; i++) await expect(cross(db, who, killed)).rejects.toThrow();
    await Promise.all(Array.from({ length: ROUNDS }, () => cross(db, who)));
    await cross(db, { ...who, isFar: true });
    expect(await held()).toBe(0);
  });

  /** The transaction's server process ends under it, as when Postgres is started anew, while it waits for something else. */
  async function killed(tx: Tx): Promise<void> {
    const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
    await owner`select pg_terminate_backend(${row?.pid ?? 0})`;
    await new Promise<never>(() => {});
  }

  test("nothing that crosses waits for a lock longer than it may, and then it is busy and no failure", async () => {
    const who = someone();
    const waits: string[] = [];
    const look = async (tx: Tx): Promise<void> => {
      const [row] = await tx.execute<{ ms: string }>(
        sql`select setting as ms from pg_settings where name = 'lock_timeout'`,
      );
      waits.push(row?.ms ?? "");
    };
    await withSystemFor(db, who, async (tx) => {
      await look(tx);
      await withOrg(db, who.orgId, look);
    });
    expect(waits).toEqual([String(CROSSING_LOCK_WAIT_MS_MAX), String(CROSSING_LOCK_WAIT_MS_MAX)]);
    await withOrg(db, who.orgId, look);
    expect(Number(waits[2])).toBeGreaterThan(CROSSING_LOCK_WAIT_MS_MAX);
    await owner.begin(async (holder) => {
      await holder`select pg_advisory_xact_lock(77)`;
      const impatient = async (tx: Tx): Promise<void> => {
        await tx.execute(sql`select set_config('lock_timeout', '1', true)`);
        await tx.execute(sql`select pg_advisory_xact_lock(77)`);
      };
      const answers = [cross(db, who, impatient), withSystemFor(db, who, impatient), withOrg(db, who.orgId, impatient)];
      const refusals = await Promise.all(answers.map((answer) => answer.then(nothing, (error: unknown) => error)));
      expect(refusals.map(busy)).toEqual([true, true, true]);
    });
  });

  test("a crossing goes on in its own org alone, one transaction after the other, and is not begun in another", async () => {
    const who = someone();
    const elsewhere = withSystemFor(db, who, async () => await withOrg(db, randomUUID(), nothing));
    await expect(elsewhere).rejects.toThrow(/its own org alone/);
    const twice = withSystemFor(db, who, async () => {
      await withOrg(db, who.orgId, async () => await withOrg(db, who.orgId, nothing));
    });
    await expect(twice).rejects.toThrow(/one transaction of its org at once/);
    await expect(withSystemFor(db, who, async () => await cross(db, someone()))).rejects.toThrow(
      /not begun in another/,
    );
    const far = someone();
    const seen: string[] = [];
    await withSystemFor(db, { ...who, isFar: true }, async () => {
      for (const orgId of [far.orgId, who.orgId]) await withOrg(db, orgId, async () => void seen.push(orgId));
    });
    expect(seen).toEqual([far.orgId, who.orgId]);
  });

  test("what goes on after its crossing has ended takes turns as anybody does", async () => {
    const who = someone();
    const { open, opened } = gate();
    const straggler = await withSystemFor(db, who, async () => {
      const later = opened.then(
        async () => await withOrg(db, randomUUID(), async (tx) => await tx.$count(tables.nodes)),
      );
      return { later };
    });
    open();
    expect(await straggler.later).toBe(0);
  });
});
