import { and, eq, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { groupKeySchema } from "./group.ts";
import { DAYS_MAX } from "./limits.ts";
import { markGroup } from "./mark.ts";
import { oneGroup } from "./one.ts";
import { seen } from "./seen.ts";

const DAY_MS = 24 * 3600 * 1000;

export const dismissInput = z.strictObject({
  groupKey: groupKeySchema,
  /** `dismissed`: denied for good, and shown no more. `handled`: shown again when it is denied again. */
  as: z.enum(["dismissed", "handled"]).default("dismissed"),
  reason: z.string().trim().min(1, "say why").max(MESSAGE_CHARS_MAX),
});

/**
 * Takes a group out of the inbox. It changes nothing of what is denied, but hides it from others: so it needs the right to grant in every
 * sandbox that asked for it, also in those that the actor does not see.
 */
export const dismiss = defineVerb({
  name: "inbox.dismiss",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "exception" },
  input: dismissInput,
  run: async (ctx, { groupKey, as, reason }): Promise<{ groupKey: string }> => {
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { label } = await oneGroup(tx, { actor: ctx.actor, groupKey, now: ctx.clock() });
      const { sandboxes: s, nodes: n } = tables;
      const since = new Date(ctx.clock().getTime() - DAYS_MAX * DAY_MS);
      // Of everybody's sandboxes: whoever hides it, hides it from all.
      const asked = sql`${s.id} in (select sandbox_id from (${seen({ orgId, since, keys: [groupKey] })}) d)`;
      const everywhere = await tx
        .selectDistinct({ labels: sandboxLabels })
        .from(s)
        .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
        .where(and(eq(s.orgId, orgId), asked));
      for (const { labels } of everywhere)
        authorizeOn(ctx.actor, { action: "create", kind: "exception", labels: stored<Labels>(labels) });
      await markGroup(tx, ctx, { orgId, groupKey, label, kind: as, reason, action: "inbox.dismiss" });
      return { groupKey };
    });
  },
});
