import { setTimeout as sleep } from "node:timers/promises";
import { type Tx, withOrg } from "./client.ts";
import type { Db } from "./pools.ts";

/**
 * Threat: two transactions that each look at what the other is about to write, and both go ahead.
 * Invariant: what runs here happened as if it had run alone. Postgres ends one of two that cannot both have; that one runs
 * again from its beginning, so `work` must have no effect but through its transaction.
 */

/** At 10 and two contenders the chance of failing for good is one in a thousand; more would hide a hot spot. */
const ATTEMPTS_MAX = 10;
/** Waits are drawn below this times the number of attempts, so that contenders part. */
const BACKOFF_MS = 15;

/** Postgres: serialization_failure, deadlock_detected. */
const RETRIED = new Set(["40001", "40P01"]);
const CAUSES_MAX = 4;

/** Somebody else's transaction was in the way every time. */
export class ContentionError extends Error {
  constructor(cause: unknown) {
    super(`a transaction met others at work on the same rows ${ATTEMPTS_MAX} times`, { cause });
    this.name = "ContentionError";
  }
}

/** One serialisable transaction in one org, begun again where another was in its way. Throws ContentionError in the end. */
export async function withOrgSerializable<T>(db: Db, orgId: string, work: (tx: Tx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await withOrg(db, orgId, work, { isolation: "serializable" });
    } catch (error) {
      if (!mustRunAgain(error)) throw error;
      if (attempt === ATTEMPTS_MAX) throw new ContentionError(error);
      await sleep(Math.random() * BACKOFF_MS * attempt);
    }
  }
}

/** True of errors after which the same work may succeed: never catch these inside a transaction. */
export function mustRunAgain(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < CAUSES_MAX; at = at.cause, depth++)
    if ("code" in at && typeof at.code === "string" && RETRIED.has(at.code)) return true;
  return false;
}
