import { sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { DeniedGroup } from "../exceptionViews.ts";
import { defineVerb } from "../verb.ts";
import { DAYS_DEFAULT, DAYS_MAX, GROUPS_MAX, GROUPS_PER_SANDBOX_FIRST } from "./limits.ts";
import { type Looking, seen } from "./seen.ts";
import { describeGroups, type GroupRow } from "./view.ts";

export const listInput = z.strictObject({
  days: z.number().int().min(1).max(DAYS_MAX).default(DAYS_DEFAULT),
  sandboxId: z.uuid().optional(),
  /** `open`: what waits for somebody; `dismissed`: what was denied for good. */
  show: z.enum(["open", "dismissed"]).default("open"),
  limit: z.number().int().min(1).max(GROUPS_MAX).default(GROUPS_MAX),
});
export interface InboxPage {
  items: DeniedGroup[];
  /** There are more groups than fit. */
  more: boolean;
  since: string;
}

const DAY_MS = 24 * 3600 * 1000;

/** Denied requests of the fleet in groups, the most lately denied first. */
export const list = defineVerb({
  name: "inbox.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: listInput,
  run: async (ctx, { days, sandboxId, show, limit }): Promise<InboxPage> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const since = new Date(now.getTime() - days * DAY_MS);
    const looking: Looking = { orgId, since, sandboxId, within: visibleDecisions(ctx.actor) };
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await groupsOf(tx, looking, { show, limit: limit + 1 });
      const items = await describeGroups(tx, { orgId, rows: rows.slice(0, limit), days: daysOf({ since, now }) });
      return { items, more: rows.length > limit, since: since.toISOString() };
    });
  },
});

/** The days (UTC) that the time asked about touches, the oldest first. */
function daysOf({ since, now }: { since: Date; now: Date }): string[] {
  const days: string[] = [];
  const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);
  for (let at = since.getTime(); dayOf(at) <= dayOf(now.getTime()); at += DAY_MS) days.push(dayOf(at));
  return days;
}

async function groupsOf(
  tx: Tx,
  looking: Looking,
  { show, limit }: { show: "open" | "dismissed"; limit: number },
): Promise<GroupRow[]> {
  const { inboxMarks } = tables;
  const org = sql`${looking.orgId}::uuid`;
  const shown =
    show === "dismissed" ? sql`m.kind = 'dismissed'` : sql`(m.id is null or (m.kind = 'handled' and g.last_at > m.at))`;
  /** Dealt with in its own sandbox, it is left out for everybody who sees that sandbox, and of what the others are counted by. */
  const dealtWith = show === "dismissed" ? sql`false` : sql`m.id is not null and b.last_at <= m.at`;
  // One pass and no join of what is large with itself: fresh tables have no statistics to plan one by.
  const rows = await tx.execute<GroupRow>(sql`
    with by_sandbox as (
      select group_key, sandbox_id, sum(count)::int as count, min(first_at) as first_at, max(last_at) as last_at, max(cursor) as cursor,
        json_object_agg(day, count) as days
      from (${seen(looking)}) each group by group_key, sandbox_id
    ), g as (
      select b.group_key, sum(b.count)::int as count, min(b.first_at) as first_at, max(b.last_at) as last_at,
        max(b.cursor)::text as cursor, count(*)::int as sandboxes, array_agg(b.sandbox_id order by b.last_at desc) as sandbox_ids,
        json_agg(b.days) as days
      from by_sandbox b left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = b.group_key and m.sandbox_id = b.sandbox_id
        and m.ended_at is null
      where not (${dealtWith}) group by b.group_key
    ), open as (
      select g.*, m.kind as mark_kind, m.reason as mark_reason, m.by as mark_by, m.at as mark_at,
        row_number() over (partition by g.sandbox_ids[1] order by g.last_at desc) as place
      from g left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = g.group_key and m.sandbox_id is null and m.ended_at is null
      where ${shown}
    )
    select * from open order by (place > ${GROUPS_PER_SANDBOX_FIRST}), last_at desc, group_key limit ${limit}`);
  return [...rows];
}
