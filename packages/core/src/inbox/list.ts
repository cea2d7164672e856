import { sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { DeniedGroup } from "../exceptionViews.ts";
import { defineVerb } from "../verb.ts";
import { DAYS_DEFAULT, DAYS_MAX, GROUPS_MAX, GROUPS_PER_SANDBOX_FIRST, TREND_PARTS } from "./limits.ts";
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
      const shown = rows.slice(0, limit);
      const keys = shown.map(({ group_key }) => group_key);
      const trends = keys.length === 0 ? new Map() : await trendsOf(tx, { ...looking, keys }, now);
      const items = await describeGroups(tx, { orgId, rows: shown, trends });
      return { items, more: rows.length > limit, since: since.toISOString() };
    });
  },
});

async function groupsOf(
  tx: Tx,
  looking: Looking,
  { show, limit }: { show: "open" | "dismissed"; limit: number },
): Promise<GroupRow[]> {
  const { inboxMarks } = tables;
  const shown =
    show === "dismissed" ? sql`m.kind = 'dismissed'` : sql`(m.id is null or (m.kind = 'handled' and g.last_at > m.at))`;
  // First by sandbox, so that counting them needs no sorting of every denial.
  const rows = await tx.execute<GroupRow>(sql`
    with each as (
      select group_key, sandbox_id, count(*)::int as count, min(time) as first_at, max(time) as last_at, max(cursor) as cursor
      from (${seen(looking)}) d group by group_key, sandbox_id
    ), g as (
      select group_key, sum(count)::int as count, min(first_at) as first_at, max(last_at) as last_at, max(cursor)::text as cursor,
        count(*)::int as sandboxes, array_agg(sandbox_id order by last_at desc) as sandbox_ids
      from each group by group_key
    ), open as (
      select g.*, m.kind as mark_kind, m.reason as mark_reason, m.by as mark_by, m.at as mark_at,
        row_number() over (partition by g.sandbox_ids[1] order by g.last_at desc) as place
      from g left join ${inboxMarks} m on m.org_id = ${looking.orgId}::uuid and m.group_key = g.group_key and m.ended_at is null
      where ${shown}
    )
    select * from open order by (place > ${GROUPS_PER_SANDBOX_FIRST}), last_at desc, group_key limit ${limit}`);
  return [...rows];
}

async function trendsOf(tx: Tx, looking: Looking, now: Date): Promise<Map<string, number[]>> {
  const [from, to] = [looking.since.getTime() / 1000, now.getTime() / 1000];
  const rows = await tx.execute<{ group_key: string; part: number; count: number }>(sql`
    select group_key, least(greatest(width_bucket(extract(epoch from time)::float8, ${from}::float8, ${to}::float8, ${TREND_PARTS}), 1), ${TREND_PARTS}) as part,
      count(*)::int as count
    from (${seen(looking)}) d group by 1, 2`);
  const trends = new Map<string, number[]>();
  for (const { group_key, part, count } of rows) {
    const trend = trends.get(group_key) ?? new Array<number>(TREND_PARTS).fill(0);
    trend[part - 1] = count;
    trends.set(group_key, trend);
  }
  return trends;
}
