import { and, eq, inArray, lt, notify, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { ownNode } from "../node/self.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { lockNodes } from "./make.ts";
import { type PlanState, planCan, planStatesBefore } from "./state.ts";

export const recordResultInput = z.strictObject({
  planId: z.uuid(),
  generation: z.number().int().nonnegative(),
  ok: z.boolean(),
  reason: z.string().max(2048).nullable(),
});

/** What the node made of a plan. Told twice, it counts once; told of another node's plan, there is no such plan. */
export const recordResult = defineVerb({
  name: "plan.recordResult",
  kind: "mutation",
  gate: { by: "node" },
  input: recordResultInput,
  run: async (ctx, input): Promise<{ ok: boolean }> => {
    const { orgId, nodeId } = ctx.actor;
    const { plans: t, nodes } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const node = await ownNode(tx, ctx.actor);
      await lockNodes(tx, { orgId, nodeIds: [nodeId] });
      const mine = and(eq(t.orgId, orgId), eq(t.nodeId, nodeId));
      const plan = first(
        await tx
          .select({ state: t.state, generation: t.generation })
          .from(t)
          .where(and(mine, eq(t.id, input.planId)))
          .for("update"),
      );
      if (plan === null || plan.generation !== input.generation) throw notFound();
      const before = stored<PlanState>(plan.state);
      const after: PlanState = input.ok ? "applied" : "failed";
      if (input.ok)
        await tx
          .update(nodes)
          .set({ generation: sql`greatest(${nodes.generation}, ${plan.generation})` })
          .where(and(eq(nodes.orgId, orgId), eq(nodes.id, nodeId)));
      if (!planCan(before, after)) return { ok: false };
      await tx
        .update(t)
        .set({ state: after, finishedAt: now, reason: input.reason })
        .where(and(mine, eq(t.id, input.planId)));
      if (input.ok)
        await tx
          .update(t)
          .set({ state: "superseded", finishedAt: now, reason: `generation ${plan.generation} is in force` })
          .where(and(mine, lt(t.generation, plan.generation), inArray(t.state, planStatesBefore("superseded"))));
      await recordAudit(tx, ctx, orgId, {
        action: input.ok ? "plan.applied" : "plan.failed",
        resource: { kind: "plan", id: input.planId, label: `${node.name} generation ${plan.generation}` },
        changes: {
          state: { from: before, to: after },
          ...(input.reason === null ? {} : { reason: { to: input.reason } }),
        },
      });
      await notify(tx, { orgId, topic: "plans", id: nodeId });
      await notify(tx, { orgId, topic: "sandboxes" });
      return { ok: true };
    });
  },
});
