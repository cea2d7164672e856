import { and, eq, inArray, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { hubOrg } from "./hubOrg.ts";
import { planStatesBefore } from "./state.ts";

export const markSentInput = z.strictObject({ orgId: z.uuid().optional(), planId: z.uuid() });

export const markSent = defineVerb({
  name: "plan.markSent",
  kind: "mutation",
  gate: { by: "hub" },
  input: markSentInput,
  run: async (ctx, input): Promise<{ ok: boolean }> => {
    const orgId = hubOrg(ctx.actor, input.orgId);
    const t = tables.plans;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const row = first(
        await tx
          .update(t)
          .set({ state: "sent", sentAt: ctx.clock() })
          .where(
            and(
              eq(t.orgId, orgId),
              eq(t.id, input.planId),
              inArray(t.state, planStatesBefore("sent")),
              ctx.actor.kind === "node" ? eq(t.nodeId, ctx.actor.nodeId) : undefined,
            ),
          )
          .returning({ nodeId: t.nodeId }),
      );
      if (row === null) return { ok: false };
      await notify(tx, { orgId, topic: "plans", id: row.nodeId });
      return { ok: true };
    });
  },
});
