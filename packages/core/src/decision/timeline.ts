import { sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import { TIMELINE_MINUTES_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { TimelineBucket } from "../views.ts";

export const timelineInput = z.strictObject({
  windowMinutes: z.number().int().min(1).max(TIMELINE_MINUTES_MAX).default(60),
  sandboxId: z.uuid().optional(),
});

/** A chart is about this many bars wide, whatever the window. */
const BUCKETS = 60;

export const timeline = defineVerb({
  name: "decision.timeline",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: timelineInput,
  run: async (ctx, input): Promise<{ bucketSeconds: number; buckets: TimelineBucket[] }> => {
    const { orgId } = ctx.actor;
    const bucketSeconds = Math.ceil((input.windowMinutes * 60) / BUCKETS);
    const stepMs = bucketSeconds * 1000;
    // Whole steps since the epoch, so that bars do not move while one looks.
    const end = Math.floor(ctx.clock().getTime() / stepMs) * stepMs + stepMs;
    const start = end - BUCKETS * stepMs;
    const within = visibleDecisions(ctx.actor);
    const { sandboxes: s, nodes: n } = tables;
    // Whoever sees all of the org is not asked about each row.
    const seen =
      within === undefined
        ? sql`true`
        : sql`exists (select 1 from ${s} join ${n} on ${n.orgId} = ${s.orgId} and ${n.id} = ${s.nodeId}
            where ${s.orgId} = decisions.org_id and ${s.id} = decisions.sandbox_id and ${within})`;
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx.execute<{ step: number; decision: string; count: number }>(sql`
        select floor(extract(epoch from time) / ${bucketSeconds}::int)::int as step, decision, count(*)::int as count
        from decisions
        where org_id = ${orgId}::uuid and ${seen}
          and time >= ${new Date(start).toISOString()}::timestamptz and time < ${new Date(end).toISOString()}::timestamptz
          and (${input.sandboxId ?? null}::uuid is null or sandbox_id = ${input.sandboxId ?? null}::uuid)
        group by 1, 2`),
    );
    const counts = new Map(rows.map((row) => [`${row.step} ${row.decision}`, row.count]));
    const buckets: TimelineBucket[] = [];
    for (let at = start; at < end; at += stepMs) {
      const of = (decision: string): number => counts.get(`${at / stepMs} ${decision}`) ?? 0;
      buckets.push({
        at: new Date(at).toISOString(),
        allow: of("allow"),
        deny: of("deny"),
        would_deny: of("would_deny"),
      });
    }
    return { bucketSeconds, buckets };
  },
});
