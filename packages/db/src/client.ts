import { sql } from "drizzle-orm";
import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { quiet } from "./quiet.ts";
import * as schema from "./schema/index.ts";

/**
 * Threat: a query that forgets its org, on a connection that another org used before.
 * Invariant: the only way to a connection is a transaction that named its org first (`withOrg`) or that runs as the role
 * with an explicit list of cross-org tables (`withSystem`). The pools are not reachable from outside this module.
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
const SYSTEM_POOL_MAX = 3;
const IDLE_TIMEOUT_S = 30;
const CONNECT_TIMEOUT_S = 10;

const registryKey = Symbol.for("creel.db.pools");
interface Pools {
  app: PostgresJsDatabase<typeof schema>;
  system: PostgresJsDatabase<typeof schema>;
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
  const app = postgres(settings.appUrl, { ...options, max: settings.poolMax ?? POOL_MAX });
  const system = postgres(settings.systemUrl, { ...options, max: SYSTEM_POOL_MAX });
  const db: Db = {
    close: async () => {
      await Promise.all([app.end({ timeout: 5 }), system.end({ timeout: 5 })]);
    },
  };
  opened.set(db, { app: drizzle(app, { schema }), system: drizzle(system, { schema }) });
  return db;
}

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

/** One transaction in one org: row security shows and accepts rows of that org only. */
export async function withOrg<T>(
  db: Db,
  orgId: string,
  work: (tx: Tx) => Promise<T>,
  { isolation }: OrgTransaction = {},
): Promise<T> {
  if (!UUID.test(orgId)) throw new Error("withOrg needs the org's id");
  return await poolsOf(db).app.transaction(
    async (tx) => {
      await tx.execute(sql`select set_config('app.org_id', ${orgId}, true)`);
      return await work(tx);
    },
    isolation === undefined ? undefined : { isolationLevel: isolation },
  );
}

/** One transaction across orgs, limited by grants and policies to the tables in `systemGrants`. */
export async function withSystem<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  return await poolsOf(db).system.transaction(work);
}
