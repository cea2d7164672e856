/**
 * Threat: an agent that asks for a million different things, so that the page where people look gets slow or full; a journal that is sent
 * twice, so that a number says more than happened. Invariant: what is counted was stored in this transaction; a sandbox has a bounded
 * number of rows a day, and what it asks past that is one row of its own.
 */
import { sql, type Tx } from "@creel/db";
import { othersKey } from "./group.ts";
import { GROUPS_PER_SANDBOX_DAY_MAX } from "./limits.ts";
import { oldest } from "./oldest.ts";

/** A decision that was stored a moment ago and belongs to a group. */
export interface StoredDenial {
  sandboxId: string;
  groupKey: string;
  time: Date;
  cursor: number;
}

/** Adds to what is counted. The caller holds the org's lock on its decisions: counting is one after the other. */
export async function countDenied(
  tx: Tx,
  { orgId, now }: { orgId: string; now: Date },
  denials: readonly StoredDenial[],
): Promise<void> {
  const since = oldest(now);
  const counted = denials.filter(({ time }) => time >= since);
  if (counted.length === 0) return;
  const given = JSON.stringify(
    counted.map(({ sandboxId, groupKey, time, cursor }) => ({
      ...{ sandbox_id: sandboxId, group_key: groupKey, others_key: othersKey(sandboxId), cursor },
      // A node's clock may be ahead, or its word a lie: nothing is counted on a day that has not come, nor comes back after it was dealt with.
      time: (time > now ? now : time).toISOString(),
    })),
  );
  await tx.execute(sql`
    with given as (
      select sandbox_id, (time at time zone 'UTC')::date as day, group_key, others_key, count(*)::int as count,
        min(time) as first_at, max(time) as last_at, max(cursor) as cursor,
        min(cursor) as first_cursor
      from json_to_recordset(${given}::json)
        as r(sandbox_id uuid, group_key text, others_key text, time timestamptz, cursor bigint)
      group by 1, 2, 3, 4
    ), known as (
      select given.*, (d.group_key is not null) as known from given left join denied_groups d on d.org_id = ${orgId}::uuid
        and d.sandbox_id = given.sandbox_id and d.day = given.day and d.group_key = given.group_key
    ), held as (
      select days.sandbox_id, days.day, count(d.group_key)::int as groups
      from (select distinct sandbox_id, day, others_key from given) days left join denied_groups d on d.org_id = ${orgId}::uuid
        and d.sandbox_id = days.sandbox_id and d.day = days.day and d.group_key <> days.others_key
      group by 1, 2
    ), placed as (
      select known.*,
        known or held.groups + row_number() over (partition by sandbox_id, day, known order by cursor) <= ${GROUPS_PER_SANDBOX_DAY_MAX} as fits
      from known join held using (sandbox_id, day)
    )
    insert into denied_groups as d (org_id, sandbox_id, day, group_key, count, first_at, last_at, cursor, first_cursor)
    select ${orgId}::uuid, sandbox_id, day, case when fits then group_key else others_key end, sum(count), min(first_at),
      max(last_at), max(cursor), min(first_cursor)
    from placed group by 1, 2, 3, 4
    on conflict (org_id, sandbox_id, day, group_key) do update set count = d.count + excluded.count,
      first_at = least(d.first_at, excluded.first_at), last_at = greatest(d.last_at, excluded.last_at),
      cursor = greatest(d.cursor, excluded.cursor)`);
}
