import { and, eq, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { ReachedHost } from "../views.ts";

export const reachInput = z.strictObject({ sandboxId: z.uuid() });

/** Which hosts a sandbox reached for, and what was said to it. */
export const reach = defineVerb({
  name: "decision.reach",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: reachInput,
  run: async (ctx, { sandboxId }): Promise<{ hosts: ReachedHost[] }> => {
    const { orgId } = ctx.actor;
    const { sandboxes: s, nodes: n, decisions: d } = tables;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const known = await tx
        .select({ id: s.id })
        .from(s)
        .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
        .where(and(eq(s.orgId, orgId), eq(s.id, sandboxId), visibleDecisions(ctx.actor)));
      if (known.length === 0) throw notFound();
      const count = (verdict: string) => sql<number>`count(*) filter (where ${d.decision} = ${verdict})::int`;
      const lastAt = sql<Date>`max(${d.time})`.mapWith(d.time);
      const rows = await tx
        .select({
          host: d.host,
          port: d.port,
          allow: count("allow"),
          deny: count("deny"),
          would_deny: count("would_deny"),
          lastAt,
        })
        .from(d)
        .where(and(eq(d.orgId, orgId), eq(d.sandboxId, sandboxId)))
        .groupBy(d.host, d.port)
        .orderBy(sql`max(${d.time}) desc`)
        .limit(PAGE_MAX);
      return { hosts: rows.map((row) => ({ ...row, lastAt: iso(row.lastAt) })) };
    });
  },
});
