import { sql } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { callerNow } from "./caller.ts";
import { quiet } from "./quiet.ts";
import * as schema from "./schema/index.ts";
import { createTurns, type Turns } from "./turns.ts";

/**
 * Threat: a query that forgets its org, on a connection that another org used before; an org, or somebody who is nobody yet, whose
 * requests hold all connections. Invariant: the only way to a connection is a transaction that named its org first (`withOrg`) or that
 * runs as the role with an explicit list of cross-org tables (`withSystem`, `withSystemFor`), and each waits for its turn before it has
 * one. The pools are not reachable from outside this module.
 */

export type Tx = Parameters<Parameters<PostgresJsDatabase<typeof schema>["transaction"]>[0]>[0];

/** An open database. What is in it is this package's own affair; `withOrg` and `withSystem` are the doors. */
export interface Db {
  close(): Promise<void>;
}

export interface DbSettings {
  appUrl: string;
  systemUrl: string;
  /** Connections of this process as the app role. */
  poolMax?: number | undefined;
}

/** With an embedded database of 100 connections this leaves room for three programs, the queue and listeners. */
const POOL_MAX = 10;
/** Of the connections of orgs, for one org: two that flood leave one for the rest, and a lone org loses nothing it would notice. */
const ORG_SHARE = 0.4;
/** Sign-ins and keys are recognised in one of these, briefly. */
const SYSTEM_POOL_MAX = 4;
/** One kind of request of nobody yet, or one caller, leaves as many for the others. */
const SYSTEM_CALLER_AT_ONCE_MAX = 2;
/**
 * Transactions of the system's role that hold their connection while they wait for one of an org's. Behind a pooler of three
 * connections two of them still find a third to go on with.
 */
const CROSSING_MAX = 2;
/** Of one caller in an org: a page and a script ask for dozens at once, a flood for more. */
export const ORG_CALLER_WAITING_MAX = 200;
/** Who is nobody yet is one caller with all others, unless a proxy vouches for addresses. */
const SYSTEM_CALLER_WAITING_MAX = 1_000;
const IDLE_TIMEOUT_S = 30;
const CONNECT_TIMEOUT_S = 10;

const registryKey = Symbol.for("creel.db.pools");
interface Pool {
  drizzle: PostgresJsDatabase<typeof schema>;
  turns: Turns;
}
interface Pools {
  app: Pool;
  system: Pool;
  /** Of the system's role too; apart, so that whoever waits for an org in one keeps nobody from being recognised. */
  crossing: Pool;
}
/** On the global object, because a bundler may put this module into one process more than once and all must know every Db. */
const registry = globalThis as { [registryKey]?: WeakMap<Db, Pools> };
registry[registryKey] ??= new WeakMap<Db, Pools>();
const opened = registry[registryKey];

export function openDb(settings: DbSettings): Db {
  // No named prepared statements: they break behind poolers that hand each transaction another connection.
  const options = {
    prepare: false,
    idle_timeout: IDLE_TIMEOUT_S,
    connect_timeout: CONNECT_TIMEOUT_S,
    onnotice: quiet,
  };
  const poolMax = settings.poolMax ?? POOL_MAX;
  const app = postgres(settings.appUrl, { ...options, max: poolMax });
  const system = postgres(settings.systemUrl, { ...options, max: SYSTEM_POOL_MAX });
  const crossing = postgres(settings.systemUrl, { ...options, max: CROSSING_MAX });
  const ofOrg = orgAtOnceMax(poolMax);
  const db: Db = {
    close: async () => {
      await Promise.all([app, system, crossing].map((pool) => pool.end({ timeout: 5 })));
    },
  };
  opened.set(db, {
    app: {
      drizzle: drizzle(app, { schema }),
      turns: createTurns({
        atOnceMax: poolMax,
        groupAtOnceMax: ofOrg,
        callerAtOnceMax: Math.max(1, ofOrg - 1),
        callerWaitingMax: ORG_CALLER_WAITING_MAX,
      }),
    },
    system: {
      drizzle: drizzle(system, { schema }),
      turns: createTurns({
        atOnceMax: SYSTEM_POOL_MAX,
        groupAtOnceMax: SYSTEM_CALLER_AT_ONCE_MAX,
        callerAtOnceMax: SYSTEM_CALLER_AT_ONCE_MAX,
        callerWaitingMax: SYSTEM_CALLER_WAITING_MAX,
      }),
    },
    crossing: {
      drizzle: drizzle(crossing, { schema }),
      turns: createTurns({
        atOnceMax: CROSSING_MAX,
        groupAtOnceMax: 1,
        callerAtOnceMax: 1,
        callerWaitingMax: ORG_CALLER_WAITING_MAX,
      }),
    },
  });
  return db;
}

/** How many transactions of one org go on at once, of so many connections; of one caller in it one less, so that another is served. */
export const orgAtOnceMax = (poolMax: number = POOL_MAX): number => Math.max(1, Math.floor(poolMax * ORG_SHARE));

function poolsOf(db: Db): Pools {
  const pools = opened.get(db);
  if (pools === undefined) throw new Error("this Db was not made by openDb");
  return pools;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface OrgTransaction {
  /** `serializable` transactions go through `withOrgSerializable`, which runs them again where they were in another's way. */
  isolation?: "serializable" | undefined;
}

/**
 * One transaction in one org: row security shows and accepts rows of that org only. Never begun inside another of the same org, which
 * would wait for a turn while it holds one. @throws BusyError when too many of the org wait.
 */
export async function withOrg<T>(
  db: Db,
  orgId: string,
  work: (tx: Tx) => Promise<T>,
  { isolation }: OrgTransaction = {},
): Promise<T> {
  if (!UUID.test(orgId)) throw new Error("withOrg needs the org's id");
  const { app } = poolsOf(db);
  const transaction = async (tx: Tx): Promise<T> => {
    await tx.execute(sql`select set_config('app.org_id', ${orgId}, true)`);
    return await work(tx);
  };
  const options = isolation === undefined ? undefined : { isolationLevel: isolation };
  return await app.turns.take(
    { group: orgId.toLowerCase(), caller: callerNow() },
    async () => await app.drizzle.transaction(transaction, options),
  );
}

/**
 * One transaction across orgs, limited by grants and policies to the tables in `systemGrants`. It waits for nothing of an org: what
 * does goes through `withSystemFor`. @throws BusyError when too many of this caller wait.
 */
export async function withSystem<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { system } = poolsOf(db);
  return await system.turns.take(
    { group: callerNow(), caller: "" },
    async () => await system.drizzle.transaction(work),
  );
}

/**
 * As `withSystem`, where `work` goes on in transactions of orgs before it ends: one for each org at once, of the org it is about. It
 * may wait there for as long as that org keeps it, so it has no connection that others are recognised by.
 */
export async function withSystemFor<T>(db: Db, orgId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { crossing } = poolsOf(db);
  return await crossing.turns.take(
    { group: orgId.toLowerCase(), caller: callerNow() },
    async () => await crossing.drizzle.transaction(work),
  );
}
