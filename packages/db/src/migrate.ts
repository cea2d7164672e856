import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as runMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { findMigrations } from "./folder.ts";
import { ensurePartitions } from "./partitions.ts";
import { quiet } from "./quiet.ts";

/** Any number; the same for every version, so that two starting programs take turns. */
const MIGRATION_LOCK_KEY = 7_400_401;

export interface MigrateOptions {
  migrationsFolder?: string | undefined;
  now?: Date | undefined;
}

/** Brings the database to this version. Runs twice without harm, also at the same time from two programs. */
export async function migrate(ownerUrl: string, options: MigrateOptions = {}): Promise<void> {
  const client = postgres(ownerUrl, { max: 1, prepare: false, onnotice: quiet });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK_KEY})`;
    await runMigrations(drizzle(client), { migrationsFolder: options.migrationsFolder ?? findMigrations() });
    await ensurePartitions(client, options.now ?? new Date());
  } finally {
    await client.end({ timeout: 5 });
  }
}
