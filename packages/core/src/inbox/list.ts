import { sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { DeniedGroup } from "../exceptionViews.ts";
import { defineVerb } from "../verb.ts";
import {
  COUNTS_MAX,
  DAYS_DEFAULT,
  DAYS_MAX,
  GROUPS_MAX,
  GROUPS_PER_SANDBOX_FIRST,
  PLACES_OF_ROUNDS,
} from "./limits.ts";
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
  /** There are more groups than fit, or more was denied than was counted. */
  more: boolean;
  since: string;
}

const DAY_MS = 24 * 3600 * 1000;

/**
 * Denied requests of the fleet in groups, the most lately denied first. Threat: agents that flood, so that people see nothing else.
 * Invariant: each sandbox has its newest groups on the page before any has many there, and a group has the best place that it has with any
 * sandbox that was denied it, so that nobody's place is lost in another's flood; what finds none is said to be there (`more`).
 */
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
      const { rows, cut } = await groupsOf(tx, looking, { show, limit: limit + 1 });
      const shown = rows.slice(0, limit).sort(byPlaceAndTime);
      const items = await describeGroups(tx, { orgId, rows: shown, days: daysOf({ since, now }) });
      return { items, more: cut || rows.length > limit, since: since.toISOString() };
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

const isLate = ({ place }: PlacedRow): number => (place > GROUPS_PER_SANDBOX_FIRST ? 1 : 0);

/** What has found its place on the page is read by its time; the rest of a flood comes after. */
const byPlaceAndTime = (one: PlacedRow, other: PlacedRow): number =>
  isLate(one) - isLate(other) || new Date(other.last_at).getTime() - new Date(one.last_at).getTime();

interface PlacedRow extends GroupRow {
  /** Among the newest groups of the sandbox where it stands best. */
  place: number;
}

/** In the order in which groups find their places: the newest one of each sandbox, then a few of each, then more. */
async function groupsOf(
  tx: Tx,
  looking: Looking,
  { show, limit }: { show: "open" | "dismissed"; limit: number },
): Promise<{ rows: PlacedRow[]; cut: boolean }> {
  const { inboxMarks } = tables;
  const org = sql`${looking.orgId}::uuid`;
  const shown =
    show === "dismissed"
      ? sql`m.kind = 'dismissed'`
      : sql`(m.id is null or (m.kind = 'handled' and w.any_last_at > m.at))`;
  /** Dealt with in its own sandbox, it is left out for everybody who sees that sandbox, and of what the others are counted by. */
  const dealtWith = show === "dismissed" ? sql`false` : sql`m.id is not null and b.last_at <= m.at`;
  const round = sql.join(
    PLACES_OF_ROUNDS.map((places) => sql`(place > ${places})::int`),
    sql` + `,
  );
  // One pass and no join of what is large with itself: fresh tables have no statistics to plan one by.
  const found = await tx.execute<(PlacedRow | { group_key: null }) & { cut: boolean }>(sql`
    with counted as materialized (${seen(looking)}), by_sandbox as (
      select group_key, sandbox_id, sum(count)::int as count, min(first_at) as first_at, max(last_at) as last_at, max(cursor) as cursor,
        json_object_agg(day, count) as days
      from counted group by group_key, sandbox_id
    ), waiting as (
      select b.*, max(b.last_at) over (partition by b.group_key) as any_last_at
      from by_sandbox b left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = b.group_key and m.sandbox_id = b.sandbox_id
        and m.ended_at is null
      where not (${dealtWith})
    ), placed as (
      select w.*, m.kind as mark_kind, m.reason as mark_reason, m.by as mark_by, m.at as mark_at,
        row_number() over (partition by w.sandbox_id order by w.last_at desc, w.group_key) as place
      from waiting w left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = w.group_key and m.sandbox_id is null
        and m.ended_at is null
      where ${shown}
    ), g as (
      select group_key, sum(count)::int as count, min(first_at) as first_at, max(last_at) as last_at, max(cursor)::text as cursor,
        count(*)::int as sandboxes, array_agg(sandbox_id order by last_at desc) as sandbox_ids, json_agg(days) as days,
        min(place)::int as place, mark_kind, mark_reason, mark_by, mark_at
      from placed group by group_key, mark_kind, mark_reason, mark_by, mark_at
    ), page as (
      select g.*, ${round} as round from g order by round, last_at desc, group_key limit ${limit}
    )
    select page.*, c.cut from (select coalesce(bool_or(at_end), false) or count(*) >= ${COUNTS_MAX} as cut from counted) c
    left join page on true order by page.round, page.last_at desc, page.group_key`);
  const rows = found.flatMap((row) => (row.group_key === null ? [] : [row]));
  return { rows, cut: found.some(({ cut }) => cut) };
}
