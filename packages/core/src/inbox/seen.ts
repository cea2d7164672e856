import { type SQL, sql, tables } from "@creel/db";
import { DENIALS_MAX, DENIALS_PER_SANDBOX_MAX } from "./limits.ts";

/** Which denials are looked at. */
export interface Looking {
  orgId: string;
  since: Date;
  sandboxId?: string | undefined;
  keys?: readonly string[] | undefined;
  /** What the asking person may see, of sandboxes with their nodes. */
  within?: SQL | undefined;
}

/**
 * The denials themselves: of each sandbox its newest, by an index that holds all that is asked. Threat: one agent that floods takes the
 * page away from everybody. Invariant: what one sandbox costs is bounded, and so is the whole.
 */
export function seen({ orgId, since, sandboxId, keys, within }: Looking): SQL {
  const { sandboxes, nodes } = tables;
  const ofKeys = keys === undefined ? sql`` : sql`and d.group_key = any(${sql.param([...keys])}::text[])`;
  return sql`
    select r.* from ${sandboxes} join ${nodes} on ${nodes.orgId} = ${sandboxes.orgId} and ${nodes.id} = ${sandboxes.nodeId}
    cross join lateral (
      select d.sandbox_id, d.group_key, d.time, d.cursor from decisions d
      where d.org_id = ${orgId}::uuid and d.sandbox_id = ${sandboxes.id} and d.group_key is not null
        and d.time >= ${since.toISOString()}::timestamptz ${ofKeys}
      order by d.time desc limit ${DENIALS_PER_SANDBOX_MAX}
    ) r
    where ${sandboxes.orgId} = ${orgId}::uuid and ${within ?? sql`true`}
      and ${sandboxId === undefined ? sql`true` : sql`${sandboxes.id} = ${sandboxId}::uuid`}
    limit ${DENIALS_MAX}`;
}
