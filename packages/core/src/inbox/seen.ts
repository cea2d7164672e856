import { type SQL, sql, tables } from "@creel/db";
import { COUNTS_MAX, COUNTS_PER_SANDBOX_MAX, GROUPS_PER_SANDBOX_FIRST } from "./limits.ts";

/** Which denials are looked at. */
export interface Looking {
  orgId: string;
  /** The first day (UTC), `2026-05-03`. */
  sinceDay: string;
  /** The org's newest decision when the first page was read: what began to be denied on its day after that is left out. */
  asOf: number;
  sandboxId?: string | undefined;
  /** What the asking person may see, of sandboxes with their nodes. */
  within?: SQL | undefined;
}

/**
 * What was counted by sandbox, day and group; `at_end`: of this sandbox no more was read. Threat: one agent that floods takes the page away
 * from everybody, or many do. Invariant: what one sandbox costs is bounded, and so is the whole, however often it was denied; those that
 * were denied much share it, and the newest of each comes before the older of any. Which rows these are, and their order, is the same
 * however much is denied meanwhile: a row's first decision never changes.
 */
export function seen({ orgId, sinceDay, asOf, sandboxId, within }: Looking): SQL {
  const { sandboxes: s, nodes: n } = tables;
  const from = sql`${`${sinceDay}T00:00:00Z`}::timestamptz`;
  const counted = sql`d.org_id = ${orgId}::uuid and d.sandbox_id = looked_at.id and d.day >= ${sinceDay}::date
    and d.first_cursor <= ${asOf}::bigint`;
  return sql`
    with looked_at as (
      select ${s.id} as id from ${s} join ${n} on ${n.orgId} = ${s.orgId} and ${n.id} = ${s.nodeId}
      where ${s.orgId} = ${orgId}::uuid and (${s.removedAt} is null or ${s.removedAt} >= ${from}) and ${within ?? sql`true`}
        and ${sandboxId === undefined ? sql`true` : sql`${s.id} = ${sandboxId}::uuid`}
    ), share as (
      select least(${COUNTS_PER_SANDBOX_MAX}::int,
        greatest(${GROUPS_PER_SANDBOX_FIRST}::int, ${COUNTS_MAX}::int / greatest(count(*), 1))) as counts
      from looked_at where exists (
        select 1 from denied_groups d where ${counted} offset ${GROUPS_PER_SANDBOX_FIRST}
      )
    )
    select r.*, r.newness >= (select counts from share) as at_end from looked_at
    cross join lateral (
      select d.sandbox_id, d.group_key, d.day, d.count, d.first_at, d.last_at, d.cursor, d.first_cursor,
        row_number() over (order by d.first_cursor desc) as newness
      from denied_groups d where ${counted}
      order by d.first_cursor desc limit (select counts from share)
    ) r
    order by r.newness limit ${COUNTS_MAX}`;
}

interface Asked extends Pick<Looking, "orgId" | "within"> {
  since: Date;
  groupKey: string;
}

/** The sandboxes that asked for one group and are still there, by the index of groups. */
export function askedBy({ orgId, since, groupKey, within }: Asked): SQL {
  const { sandboxes: s, nodes: n } = tables;
  return sql`
    select d.sandbox_id, max(d.cursor) as cursor, ${s.labels} || ${n.labels} as labels
    from denied_groups d join ${s} on ${s.orgId} = d.org_id and ${s.id} = d.sandbox_id and ${s.removedAt} is null
    join ${n} on ${n.orgId} = ${s.orgId} and ${n.id} = ${s.nodeId}
    where d.org_id = ${orgId}::uuid and d.group_key = ${groupKey} and d.last_at >= ${since.toISOString()}::timestamptz
      and ${within ?? sql`true`}
    group by d.sandbox_id, 3`;
}
