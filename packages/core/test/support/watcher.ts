import { setTimeout as delay } from "node:timers/promises";
import postgres from "postgres";
import type { Fleet } from "./fleet.ts";

/** Postgres tells nobody that somebody waits; between two looks those who work have the processor. */
const LOOK_INTERVAL_MS = 5;

/** Looks at the database of a test from outside. */
export interface Watcher {
  sql: postgres.Sql;
  /** How many wait for a row or a lock of another, once they are `least`. */
  waiting(least?: number): Promise<number>;
  /** Resolves once somebody does. */
  somebodyWaits(): Promise<void>;
  end(): Promise<void>;
}

export function openWatcher({ ownerUrl }: Pick<Fleet, "ownerUrl">): Watcher {
  const sql = postgres(ownerUrl, { max: 1, prepare: false });
  const waiting = async (least = 0): Promise<number> => {
    for (;;) {
      const [row] = await sql`
        select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      const count = Number(row?.waiting);
      if (count >= least) return count;
      await delay(LOOK_INTERVAL_MS);
    }
  };
  return {
    sql,
    waiting,
    somebodyWaits: async () => void (await waiting(1)),
    end: async () => await sql.end(),
  };
}
