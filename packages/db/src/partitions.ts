import type postgres from "postgres";

/** Months kept ready ahead: a deployment that is not restarted for half a year still has its partitions. */
export const PARTITION_MONTHS_AHEAD = 6;

const monthStart = (now: Date, add: number): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + add, 1));
const name = (month: Date): string =>
  `decisions_${month.getUTCFullYear()}_${String(month.getUTCMonth() + 1).padStart(2, "0")}`;

/** Makes the partitions of this month and the next ones, and moves into them what the default partition caught. */
export async function ensurePartitions(owner: postgres.Sql, now: Date): Promise<void> {
  for (let ahead = 0; ahead <= PARTITION_MONTHS_AHEAD; ahead++)
    await ensureMonth(owner, monthStart(now, ahead), monthStart(now, ahead + 1));
}

async function ensureMonth(owner: postgres.Sql, from: Date, to: Date): Promise<void> {
  const table = name(from);
  const [found] =
    await owner`select 1 from pg_class where relname = ${table} and relnamespace = 'public'::regnamespace`;
  if (found !== undefined) return;
  const [start, end] = [from.toISOString(), to.toISOString()];
  await owner.begin(async (tx) => {
    await tx`lock table decisions in access exclusive mode`;
    await tx`create table ${tx(table)} (like decisions including defaults including constraints)`;
    // The owner, too, is held by forced row security; this one statement needs every org's rows.
    await tx`alter table decisions_default no force row level security`;
    await tx`with moved as (
        delete from decisions_default where time >= ${start}::timestamptz and time < ${end}::timestamptz returning *
      ) insert into ${tx(table)} select * from moved`;
    await tx`alter table decisions_default force row level security`;
    // A partition's bounds take no parameters; both are instants we formatted ourselves.
    await tx.unsafe(`alter table decisions attach partition ${table} for values from ('${start}') to ('${end}')`);
    await tx`alter table ${tx(table)} enable row level security`;
    await tx`alter table ${tx(table)} force row level security`;
  });
}
