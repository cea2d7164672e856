import { drizzle, type PostgresJsDatabase } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { quiet } from "./quiet.ts";
import * as schema from "./schema/index.ts";
import { createTurns, type Turns } from "./turns.ts";

/**
 * Threat: an org, a person of several, or somebody who is nobody yet, whose requests hold all connections. Invariant: each pool is
 * reached through its turns alone, as many at once as it has connections, and turns are waited for in one order: the org's crossing, the
 * org, the person, the crossing connection. Whoever waits for one holds none that comes later, so that all that is held goes on.
 * The pools are not reachable from outside this package.
 */

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
/** One credential, or one caller, leaves as many for the others. */
const SYSTEM_CALLER_AT_ONCE_MAX = 2;
/** Transactions of the system's role that hold their connection while they go on in an org of which they have the turn. */
const CROSSING_MAX = 2;
/** The same of those that go on in further orgs, for whose turns they wait: theirs is no connection that others sign in by. */
const FAR_MAX = 1;
/** Of one caller in an org: a page and a script ask for dozens at once, a flood for more. */
export const ORG_CALLER_WAITING_MAX = 200;
/** Of one credential at the door. */
export const SYSTEM_CALLER_WAITING_MAX = 1_000;
const IDLE_TIMEOUT_S = 30;
const CONNECT_TIMEOUT_S = 10;

export interface Pool {
  drizzle: PostgresJsDatabase<typeof schema>;
  turns: Turns;
}
export interface Pools {
  app: Pool;
  system: Pool;
  /** Of the system's role too; apart, so that whoever waits for an org in one keeps nobody from being recognised. */
  crossing: Pool;
  far: Pool;
  /** No connections of their own: who has one of these may wait for one. */
  crossingsOfOrgs: Turns;
  people: Turns;
}

const registryKey = Symbol.for("creel.db.pools");
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
  const crossingMax = crossingAtOnceMax(poolMax);
  const app = postgres(settings.appUrl, { ...options, max: poolMax });
  const system = postgres(settings.systemUrl, { ...options, max: SYSTEM_POOL_MAX });
  const crossing = postgres(settings.systemUrl, { ...options, max: crossingMax });
  const far = postgres(settings.systemUrl, { ...options, max: FAR_MAX });
  const ofOrg = orgAtOnceMax(poolMax);
  const oneEach = { groupAtOnceMax: 1, callerAtOnceMax: 1, callerWaitingMax: ORG_CALLER_WAITING_MAX };
  const db: Db = {
    close: async () => {
      await Promise.all([app, system, crossing, far].map((pool) => pool.end({ timeout: 5 })));
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
    crossing: { drizzle: drizzle(crossing, { schema }), turns: createTurns({ ...oneEach, atOnceMax: crossingMax }) },
    far: { drizzle: drizzle(far, { schema }), turns: createTurns({ ...oneEach, atOnceMax: FAR_MAX }) },
    crossingsOfOrgs: createTurns({ ...oneEach, atOnceMax: Number.POSITIVE_INFINITY }),
    people: createTurns({ ...oneEach, atOnceMax: Number.POSITIVE_INFINITY }),
  });
  return db;
}

/** How many transactions of one org go on at once, of so many connections; of one caller in it one less, so that another is served. */
export const orgAtOnceMax = (poolMax: number = POOL_MAX): number => Math.max(1, Math.floor(poolMax * ORG_SHARE));

/** Behind a pooler of three connections: one that crosses, one of an org that waits, and one to go on with. */
const crossingAtOnceMax = (poolMax: number): number =>
  Math.max(1, Math.min(CROSSING_MAX, poolMax - orgAtOnceMax(poolMax) - 1));

export function poolsOf(db: Db): Pools {
  const pools = opened.get(db);
  if (pools === undefined) throw new Error("this Db was not made by openDb");
  return pools;
}
