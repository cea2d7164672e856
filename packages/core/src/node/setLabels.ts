import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import type { Labels } from "../authz/grant.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const setLabelsInput = z.strictObject({ nodeId: z.uuid(), labels: labelsSchema });

/** Moves a node, and every sandbox on it, between scopes: asked of where it is and of where it goes. */
export const setLabels = defineVerb({
  name: "node.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "node" },
  input: setLabelsInput,
  run: async (ctx, { nodeId, labels }): Promise<{ labels: Labels }> => {
    const { orgId } = ctx.actor;
    const t = tables.nodes;
    await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, nodeId), isNull(t.revokedAt));
      const before = first(await tx.select().from(t).where(mine).for("no key update"));
      if (before === null) throw notFound();
      authorizeOn(ctx.actor, { action: "update", kind: "node", labels: stored<Labels>(before.labels) });
      authorizeNew(ctx.actor, { action: "update", kind: "node", labels });
      await tx.update(t).set({ labels }).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "node.setLabels",
        resource: { kind: "node", id: nodeId, label: before.name },
        changes: changesOf("nodes", before, { ...before, labels }),
      });
      await notify(tx, { orgId, topic: "nodes", id: nodeId });
    });
    return { labels };
  },
});
