import { sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import type { DeniedGroup } from "../exceptionViews.ts";
import { defineVerb } from "../verb.ts";
import { afterSchema, afterText, type PageEnd } from "./after.ts";
import {
  COUNTS_MAX,
  DAYS_DEFAULT,
  DAYS_MAX,
  GROUPS_MAX,
  GROUPS_PER_SANDBOX_FIRST,
  LIFTED_PART,
  PLACES_OF_ROUNDS,
} from "./limits.ts";
import { newestCursor } from "./newest.ts";
import { DAY_MS, dayOf, oldest } from "./oldest.ts";
import { type Looking, seen } from "./seen.ts";
import { describeGroups, type GroupRow } from "./view.ts";

export const listInput = z.strictObject({
  /** How far back the first page looks; the others look as far. */
  days: z.number().int().min(1).max(DAYS_MAX).default(DAYS_DEFAULT),
  sandboxId: z.uuid().optional(),
  /** `open`: what waits for somebody; `dismissed`: what was denied for good. */
  show: z.enum(["open", "dismissed"]).default("open"),
  /** `next` of the page before. */
  after: afterSchema.optional(),
  limit: z.number().int().min(1).max(GROUPS_MAX).default(GROUPS_MAX),
});
export interface InboxPage {
  items: DeniedGroup[];
  /** Of all pages together, at this moment. */
  total: number;
  /** There are more groups than fit, or more was denied than was counted. */
  more: boolean;
  /** `after` of the next page; null where this is the last one. */
  next: string | null;
  since: string;
}

/**
 * Denied requests of the fleet in groups, those of the newest day first, on each page the most lately denied first. Threat: agents that
 * flood, so that people see nothing else, or that are denied more while people read. Invariant: each sandbox has its newest groups on the
 * first page before any has many there, and a group has the best place that it has with any sandbox that was denied it, so that nobody's
 * place is lost in another's flood; what is denied most or most lately in a sandbox stands there too, however early on its day that began, so
 * that nothing hides behind what its own agent asked after it. Whoever goes on from page to page meets each group that waits all the while once: what is new
 * meanwhile stands on the first page. What is not counted is said to be there (`more`).
 */
export const list = defineVerb({
  name: "inbox.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: listInput,
  run: async (ctx, { days, sandboxId, show, after, limit }): Promise<InboxPage> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const asOf = after?.asOf ?? (await newestCursor(tx, orgId));
      const sinceDay = sinceOf({ days, after, now });
      const looking: Looking = { orgId, sinceDay, asOf, sandboxId, within: visibleDecisions(ctx.actor) };
      const { rows, cut, total } = await groupsOf(tx, looking, { show, after, limit: limit + 1 });
      const shown = rows.slice(0, limit);
      const lifted = after?.lifted ?? shown.flatMap((row) => (row.lifted ? [row.group_key] : []));
      const last = rows.length > limit ? shown.at(-1) : undefined;
      const next = last === undefined ? null : afterText(endOf(last, { asOf, sinceDay, lifted }));
      const items = await describeGroups(tx, { orgId, rows: shown.sort(byPlaceAndTime), days: daysOf(sinceDay, now) });
      return { items, total, more: cut || next !== null, next, since: `${sinceDay}T00:00:00.000Z` };
    });
  },
});

/** Never longer ago than counts are kept, whatever a page's end says. */
function sinceOf({ days, after, now }: { days: number; after: PageEnd | undefined; now: Date }): string {
  if (after === undefined) return dayOf(new Date(now.getTime() - days * DAY_MS));
  const first = dayOf(new Date(oldest(now).getTime() - DAY_MS));
  return after.sinceDay < first ? first : after.sinceDay;
}

const endOf = (row: PlacedRow, began: Pick<PageEnd, "asOf" | "sinceDay" | "lifted">): PageEnd => ({
  ...began,
  round: row.round,
  first: Number(row.first),
  groupKey: row.group_key,
});

/** The days (UTC) that the time asked about touches, the oldest first. */
function daysOf(sinceDay: string, now: Date): string[] {
  const days: string[] = [];
  for (let at = Date.parse(sinceDay); dayOf(new Date(at)) <= dayOf(now); at += DAY_MS) days.push(dayOf(new Date(at)));
  return days;
}

const isLate = ({ place, lifted }: PlacedRow): number => (place > GROUPS_PER_SANDBOX_FIRST && !lifted ? 1 : 0);

/** What has found its place on the page is read by its time; the rest of a flood comes after. */
const byPlaceAndTime = (one: PlacedRow, other: PlacedRow): number =>
  isLate(one) - isLate(other) || new Date(other.last_at).getTime() - new Date(one.last_at).getTime();

interface PlacedRow extends GroupRow {
  /** Among the newest groups of the sandbox where it stands best. */
  place: number;
  round: number;
  /** The first decision of its newest day. */
  first: string;
  /** On the first page out of its turn. */
  lifted: boolean;
}

/**
 * In the order in which groups find their places: the newest one of each sandbox, then a few of each, then more. Places are given before
 * anything is left out, so that nothing moves from page to page while people deal with what they see.
 */
async function groupsOf(
  tx: Tx,
  looking: Looking,
  { show, after, limit }: { show: "open" | "dismissed"; after: PageEnd | undefined; limit: number },
): Promise<{ rows: PlacedRow[]; cut: boolean; total: number }> {
  const { inboxMarks } = tables;
  const org = sql`${looking.orgId}::uuid`;
  // Marks of before knew no cursor.
  const shown =
    show === "dismissed"
      ? sql`m.kind = 'dismissed'`
      : sql`(m.id is null or (m.kind = 'handled' and coalesce(w.any_cursor > m.cursor, w.any_last_at > m.at)))`;
  /** Dealt with in its own sandbox, it is left out for everybody who sees that sandbox, and of what the others are counted by. */
  const dealtWith =
    show === "dismissed" ? sql`false` : sql`m.id is not null and coalesce(b.cursor <= m.cursor, b.last_at <= m.at)`;
  const round = sql.join(
    PLACES_OF_ROUNDS.map((places) => sql`(place > ${places})::int`),
    sql` + `,
  );
  const further =
    after === undefined
      ? sql`true`
      : sql`(round, -first, group_key) > (${after.round}::int, ${-after.first}::bigint, ${after.groupKey})
          and group_key <> all(${sql.param([...after.lifted])}::text[])`;
  const liftedMax = after === undefined ? Math.floor(limit / LIFTED_PART) : 0;
  // One pass and no join of what is large with itself: fresh tables have no statistics to plan one by.
  const found = await tx.execute<(PlacedRow | { group_key: null }) & { cut: boolean; total: number }>(sql`
    with counted as materialized (${seen(looking)}), by_sandbox as (
      select group_key, sandbox_id, sum(count)::int as count, min(first_at) as first_at, max(last_at) as last_at, max(cursor) as cursor,
        max(first_cursor) as first, json_object_agg(day, count) as days
      from counted group by group_key, sandbox_id
    ), in_turn as (
      select *, row_number() over (partition by sandbox_id order by first desc, group_key) as turn from by_sandbox
    ), placed as (
      select *, min(turn) over (partition by group_key) as place, max(first) over (partition by group_key) as group_first from in_turn
    ), waiting as (
      select b.*, max(b.last_at) over (partition by b.group_key) as any_last_at, max(b.cursor) over (partition by b.group_key) as any_cursor
      from placed b left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = b.group_key and m.sandbox_id = b.sandbox_id
        and m.ended_at is null
      where not (${dealtWith})
    ), open as (
      select w.*, m.kind as mark_kind, m.reason as mark_reason, m.by as mark_by, m.at as mark_at,
        row_number() over (partition by w.sandbox_id order by w.cursor desc) = 1
          or row_number() over (partition by w.sandbox_id order by w.count desc, w.cursor desc) = 1 as notable
      from waiting w left join ${inboxMarks} m on m.org_id = ${org} and m.group_key = w.group_key and m.sandbox_id is null
        and m.ended_at is null
      where ${shown}
    ), g as (
      select w.group_key, sum(w.count)::int as count, min(w.first_at) as first_at, max(w.last_at) as last_at, max(w.cursor)::text as cursor,
        count(*)::int as sandboxes, array_agg(w.sandbox_id order by w.last_at desc) as sandbox_ids, json_agg(w.days) as days,
        w.place::int as place, w.group_first as first, bool_or(w.notable) as notable,
        w.mark_kind, w.mark_reason, w.mark_by, w.mark_at
      from open w group by w.group_key, w.place, w.group_first, w.mark_kind, w.mark_reason, w.mark_by, w.mark_at
    ), rounds as (
      select g.*, ${round} as round from g
    ), lifted as (
      select * from rounds where notable and round > 1 order by last_at desc, group_key limit ${liftedMax}
    ), page as (
      select *, true as lifted from lifted union all (
        select *, false as lifted from rounds where ${further} and group_key not in (select group_key from lifted)
        order by round, first desc, group_key limit ${limit} - (select count(*) from lifted)
      )
    )
    select page.*, c.cut, c.total from (
      select coalesce(bool_or(at_end), false) or count(*) >= ${COUNTS_MAX} as cut, (select count(*)::int from g) as total from counted
    ) c left join page on true order by page.lifted desc, page.round, page.first desc, page.group_key`);
  const rows = found.flatMap((row) => (row.group_key === null ? [] : [row]));
  return { rows, cut: found.some(({ cut }) => cut), total: found[0]?.total ?? 0 };
}
