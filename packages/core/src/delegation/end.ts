import { and, eq, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { mayOn } from "../authz/grant.ts";
import { namesIn } from "../change/names.ts";
import { personOf } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { activeIn } from "./active.ts";

export const endInput = z.strictObject({ delegationId: z.uuid() });

/** Takes lent votes back, or gives them back; whoever changes approval policies may end anybody's. */
export const end = defineVerb({
  name: "delegation.end",
  kind: "mutation",
  gate: { by: "member" },
  input: endInput,
  run: async (ctx, { delegationId }): Promise<{ delegationId: string }> => {
    const { actor } = ctx;
    const { orgId } = actor;
    const d = tables.approvalDelegations;
    const now = ctx.clock();
    await withOrg(ctx.db, orgId, async (tx) => {
      const open = and(activeIn({ orgId, now }), eq(d.id, delegationId));
      const row = first(await tx.select().from(d).where(open).for("update"));
      if (row === null) throw notFound();
      const me = personOf(actor);
      const concerned = me === row.fromUserId || me === row.toUserId;
      if (!concerned && !mayOn(actor.grants, { action: "update", kind: "approval_policy", labels: {} }))
        throw notFound();
      await tx.update(d).set({ endedAt: now }).where(open);
      const { person } = await namesIn(tx, orgId);
      await recordAudit(tx, ctx, orgId, {
        action: "delegation.end",
        resource: {
          kind: "delegation",
          id: row.id,
          label: `${person(row.fromUserId).label} to ${person(row.toUserId).label}`,
        },
        changes: changesOf("approvalDelegations", row, { ...row, endedAt: now }),
      });
      await notify(tx, { orgId, topic: "changes" });
    });
    return { delegationId };
  },
});
