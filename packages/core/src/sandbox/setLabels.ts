import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { asTheyStand } from "../change/proposer.ts";
import { notFound } from "../errors/errors.ts";
import { deliverPlans, lockNodes, makePlans } from "../plan/make.ts";
import { expectWrittenFor } from "../policy/expectWrittenFor.ts";
import { drawnBy, drawsAny, holdBindings, toldOf } from "../secret/drawn.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const setLabelsInput = z.strictObject({ sandboxId: z.uuid(), labels: labelsSchema });

/**
 * Its own labels; those of its node stay before them, so nobody leads a sandbox out of its node's scope. Secrets bound by labels
 * follow in the same transaction.
 */
export const setLabels = defineVerb({
  name: "sandbox.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "sandbox" },
  proof: true,
  input: setLabelsInput,
  run: async (ctx, { sandboxId, labels }): Promise<{ labels: Labels }> => {
    const { orgId } = ctx.actor;
    const { sandboxes: t, nodes: n } = tables;
    const done = await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, sandboxId), isNull(t.removedAt));
      const { actor } = await asTheyStand(tx, ctx, { action: "update", on: "sandbox" });
      await holdBindings(tx, orgId);
      const placed = first(await tx.select({ nodeId: t.nodeId }).from(t).where(mine));
      if (placed === null) throw notFound();
      const { nodeId } = placed;
      await lockNodes(tx, { orgId, nodeIds: [nodeId] });
      const before = first(await tx.select().from(t).where(mine).for("no key update"));
      if (before === null) throw notFound();
      const node = first(
        await tx
          .select({ labels: n.labels })
          .from(n)
          .where(and(eq(n.orgId, orgId), eq(n.id, nodeId))),
      );
      const under = stored<Labels>(node?.labels ?? {});
      const from = stored<Labels>(before.labels);
      const on = { action: "update", kind: "sandbox" } as const;
      authorizeOn(actor, { ...on, labels: labelsOnNode(from, under) });
      authorizeNew(actor, { ...on, labels: labelsOnNode(labels, under) });
      authorizeRelabel(actor, { ...on, from, to: labels, under });
      const to = labelsOnNode(labels, under);
      await expectWrittenFor({ tx, orgId, now: ctx.clock() }, { policyId: before.policyId, labels: to });
      const drawn = await drawnBy(tx, { orgId, nodeId }, () => tx.update(t).set({ labels }).where(mine));
      await recordAudit(tx, ctx, orgId, {
        action: "sandbox.setLabels",
        resource: { kind: "sandbox", id: sandboxId, label: before.name },
        changes: { ...changesOf("sandboxes", before, { ...before, labels }), ...toldOf(drawn) },
      });
      await notify(tx, { orgId, topic: "sandboxes", id: sandboxId });
      const planIds = drawsAny(drawn)
        ? await makePlans(tx, ctx, { orgId, nodeIds: [nodeId], cause: "sandbox.setLabels" })
        : [];
      return { labels: labelsOnNode(labels, under), planIds };
    });
    await deliverPlans(ctx, orgId, done.planIds);
    return { labels: done.labels };
  },
});
