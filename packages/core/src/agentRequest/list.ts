import { and, desc, eq, inArray, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { inScope, sandboxLabels } from "../authz/scopeSql.ts";
import type { AgentRequestState, AgentRequestView } from "../exceptionViews.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { iso, isoOrNull, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({
  /** True: those that nobody has answered. */
  waiting: z.boolean().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

/** Of each sandbox, as many stand before what others ask past theirs. */
const OF_EACH_FIRST = 5;

/**
 * What agents asked for, in their own words, the newest first. Threat: one sandbox asks for so much that nobody sees what others ask.
 * Invariant: of what waits, each sandbox has its newest few on the list before any has many there.
 */
export const list = defineVerb({
  name: "agentRequest.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "exception" },
  input: listInput,
  run: async (ctx, { waiting, limit }): Promise<{ items: AgentRequestView[] }> => {
    const { orgId } = ctx.actor;
    const { agentRequests: r, sandboxes: s, nodes: n } = tables;
    const within = inScope(ctx.actor, { action: "read", kind: "exception", labels: sandboxLabels });
    const late = sql`row_number() over (partition by ${r.sandboxId} order by ${r.askedAt} desc, ${r.id} desc) > ${OF_EACH_FIRST}`;
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx
        .select({ request: r, sandboxName: s.name })
        .from(r)
        .innerJoin(s, and(eq(s.orgId, r.orgId), eq(s.id, r.sandboxId)))
        .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
        .where(
          and(eq(r.orgId, orgId), waiting === true ? inArray(r.state, ["waiting", "proposed"]) : undefined, within),
        )
        .orderBy(...(waiting === true ? [late] : []), desc(r.askedAt), desc(r.id))
        .limit(limit),
    );
    return { items: rows.map(({ request, sandboxName }) => toView(request, sandboxName)) };
  },
});

function toView(row: typeof tables.agentRequests.$inferSelect, sandboxName: string): AgentRequestView {
  const { id, sandboxId, binary, sha256, host, port, method, path, reason, answer, decidedBy, changeId } = row;
  return {
    ...{ id, sandboxId, sandboxName, binary, host, port, reason, answer, decidedBy, changeId },
    ...(sha256 === null ? {} : { sha256 }),
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
    state: stored<AgentRequestState>(row.state),
    askedAt: iso(row.askedAt),
    decidedAt: isoOrNull(row.decidedAt),
  };
}
