import { type SQL, sql } from "drizzle-orm";
import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";
import { callerNow } from "./caller.ts";
import { type HeldTurn, heldNow, holding } from "./held.ts";
import { type Db, poolsOf } from "./pools.ts";
import type * as schema from "./schema/index.ts";
import { BusyError } from "./turns.ts";

/**
 * Threat: a query that forgets its org, on a connection that another org used before; an org, or somebody who is nobody yet, who lets
 * others wait for ever. Invariant: the only way to a connection is a transaction that named its org first (`withOrg`) or that runs as
 * the role with an explicit list of cross-org tables (`withSystem`, `withSystemFor`); each waits for its turns before it has one
 * (`pools.ts`), and what waits for a lock with one is ended after a while.
 */

export type Tx = Parameters<Parameters<PostgresJsDatabase<typeof schema>["transaction"]>[0]>[0];

/** In an org: longer than anything of ours holds a lock, and an end to two processes that wait for each other through a pooler. */
const LOCK_WAIT_MS_MAX = 60_000;
/** Of what crosses, and of an org's turn in it: whoever holds a lock of an org for ever keeps a sign-in of another waiting for this. */
export const CROSSING_LOCK_WAIT_MS_MAX = 5_000;
/** Of what crosses, for the turn of a further org: no longer, for it holds a connection and may be waited for itself. */
const FAR_TURN_WAIT_MS_MAX = 5_000;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export interface OrgTransaction {
  /** `serializable` transactions go through `withOrgSerializable`, which runs them again where they were in another's way. */
  isolation?: "serializable" | undefined;
}

/**
 * One transaction in one org: row security shows and accepts rows of that org only. Never begun inside another of the same org, which
 * would wait for a turn while it holds one; in a `withSystemFor` it goes on in the turn that is held there.
 * @throws BusyError when too many of the org wait, or when a lock was waited for too long.
 */
export async function withOrg<T>(
  db: Db,
  orgId: string,
  work: (tx: Tx) => Promise<T>,
  { isolation }: OrgTransaction = {},
): Promise<T> {
  if (!UUID.test(orgId)) throw new Error("withOrg needs the org's id");
  const { app } = poolsOf(db);
  const held = heldNow(db);
  const lockWait = lockWaitOf(held === null ? LOCK_WAIT_MS_MAX : CROSSING_LOCK_WAIT_MS_MAX);
  const transaction = async (tx: Tx): Promise<T> => {
    await tx.execute(sql`select set_config('app.org_id', ${orgId}, true), ${lockWait}`);
    return await work(tx);
  };
  const options = isolation === undefined ? undefined : { isolationLevel: isolation };
  const run = async (): Promise<T> => await orBusy(() => app.drizzle.transaction(transaction, options));
  if (held?.orgId === orgId.toLowerCase()) return await inHeld(held, run);
  if (held !== null && !held.isFar) throw new Error("a transaction that crosses goes on in its own org alone");
  const waitMsMax = held === null ? undefined : FAR_TURN_WAIT_MS_MAX;
  const { asking, admitted } = askingAs((caller) => ({ group: orgId.toLowerCase(), caller }));
  return await app.turns.take({ ...asking, waitMsMax }, admitted(run));
}

/**
 * One transaction across orgs, limited by grants and policies to the tables in `systemGrants`. It waits for nothing of an org: what
 * does goes through `withSystemFor`. @throws BusyError when too many of this caller wait.
 */
export async function withSystem<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { system } = poolsOf(db);
  const { asking, admitted } = askingAs((caller) => ({ group: caller, caller: "" }));
  return await system.turns.take(
    asking,
    admitted(async () => await system.drizzle.transaction(work)),
  );
}

export interface Crossing {
  orgId: string;
  /** Whose row it locks: two acts of one person, in whatever orgs, wait for each other without a connection. */
  userId: string;
  /** Whether it goes on in further orgs of the person too, which happens at one place at a time and waits seconds for them. */
  isFar?: boolean;
}

/**
 * As `withSystem`, where `work` goes on in transactions of an org before it ends: one for each org at once. It has the turn of its org
 * and that of the person before it has a connection, and so holds one for no longer than Postgres takes.
 * @throws BusyError when too many of the org or of the person wait, or when a lock was waited for too long.
 */
export async function withSystemFor<T>(
  db: Db,
  { orgId, userId, isFar = false }: Crossing,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  if (heldNow(db) !== null) throw new Error("a transaction that crosses is not begun in another");
  const { app, crossing, far, crossingsOfOrgs, people } = poolsOf(db);
  const pool = isFar ? far : crossing;
  const { asking: ofOrg, admitted } = askingAs((caller) => ({ group: orgId.toLowerCase(), caller }));
  const turn: HeldTurn = { db, orgId: ofOrg.group, isFar, inUse: false, isOver: false };
  const transaction = async (tx: Tx): Promise<T> => {
    await tx.execute(sql`select ${lockWaitOf(CROSSING_LOCK_WAIT_MS_MAX)}`);
    return await work(tx);
  };
  const run = async (): Promise<T> => {
    try {
      return await holding(turn, () => orBusy(() => pool.drizzle.transaction(transaction)));
    } finally {
      turn.isOver = true;
    }
  };
  // The order of `pools.ts`. One of an org at once, so that those that wait for the rest hold one turn of each org and not all.
  return await crossingsOfOrgs.take(ofOrg, () =>
    app.turns.take(ofOrg, () => people.take({ ...ofOrg, group: userId }, () => pool.turns.take(ofOrg, admitted(run)))),
  );
}

/** For turns of whoever asks; `admitted` runs what has its turn, after which nothing more of the same verb is refused for room. */
function askingAs(of: (caller: string) => { group: string; caller: string }) {
  const caller = callerNow();
  const admitted =
    <T>(run: () => Promise<T>) =>
    (): Promise<T> => {
      caller.isAdmitted = true;
      return run();
    };
  return { asking: { ...of(caller.name), isAdmitted: caller.isAdmitted }, admitted };
}

async function inHeld<T>(held: HeldTurn, run: () => Promise<T>): Promise<T> {
  // One turn is one connection: a second one at once would be of nobody's turn.
  if (held.inUse) throw new Error("a transaction that crosses goes on in one transaction of its org at once");
  held.inUse = true;
  try {
    return await run();
  } finally {
    held.inUse = false;
  }
}

const lockWaitOf = (ms: number): SQL => sql`set_config('lock_timeout', ${String(ms)}, true)`;

const LOCK_NOT_AVAILABLE = "55P03";
const CAUSES_MAX = 4;

/** A lock that was waited for too long says the same as too many who wait: nothing was done, and it may be asked again. */
async function orBusy<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth++)
      if ("code" in at && at.code === LOCK_NOT_AVAILABLE) throw new BusyError({ cause: error });
    throw error;
  }
}
