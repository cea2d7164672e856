import { and, eq, isNull, lt, notify, or, tables, withOrg } from "@creel/db";
import type { DesiredState } from "@creel/protocol";
import { z } from "zod";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { hubOrg } from "./hubOrg.ts";

export const claimInput = z.strictObject({
  orgId: z.uuid().optional(),
  planId: z.uuid(),
  claimant: z.string().min(1).max(128),
});

/** Long enough to send one message over an open socket; a claimant that died holds a plan no longer than this. */
export const CLAIM_MS = 10_000;

/**
 * Compare-and-set: of all workers that got the job, one gets the plan. It need not hold the node's socket, so every hub
 * is told as well; the one that does sends it.
 */
export const claim = defineVerb({
  name: "plan.claim",
  kind: "mutation",
  gate: { by: "hub" },
  input: claimInput,
  run: async (ctx, input): Promise<{ nodeId: string; desired: DesiredState } | null> => {
    const orgId = hubOrg(ctx.actor, input.orgId);
    const t = tables.plans;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const row = first(
        await tx
          .update(t)
          .set({ claimedBy: input.claimant, claimedUntil: new Date(now.getTime() + CLAIM_MS) })
          .where(
            and(
              eq(t.orgId, orgId),
              eq(t.id, input.planId),
              eq(t.state, "pending"),
              or(isNull(t.claimedUntil), lt(t.claimedUntil, now)),
              ctx.actor.kind === "node" ? eq(t.nodeId, ctx.actor.nodeId) : undefined,
            ),
          )
          .returning({ nodeId: t.nodeId, content: t.content }),
      );
      if (row === null) return null;
      await notify(tx, { orgId, topic: "plans", id: row.nodeId });
      return { nodeId: row.nodeId, desired: stored<DesiredState>(row.content) };
    });
  },
});
