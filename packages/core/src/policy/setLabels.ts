import { and, eq, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import type { Labels } from "../authz/grant.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const setLabelsInput = z.strictObject({ policyId: z.uuid(), labels: labelsSchema });

/** Moves a policy between scopes: asked of where it is, of where it goes, and of each label by which it goes there. */
export const setLabels = defineVerb({
  name: "policy.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "policy" },
  input: setLabelsInput,
  run: async (ctx, { policyId, labels }): Promise<{ labels: Labels }> => {
    const { orgId } = ctx.actor;
    const t = tables.policies;
    await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, policyId));
      const before = first(await tx.select().from(t).where(mine).for("update"));
      if (before === null) throw notFound();
      const from = stored<Labels>(before.labels);
      authorizeOn(ctx.actor, { action: "update", kind: "policy", labels: from });
      authorizeNew(ctx.actor, { action: "update", kind: "policy", labels });
      authorizeRelabel(ctx.actor, { action: "update", kind: "policy", from, to: labels });
      await tx.update(t).set({ labels }).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "policy.setLabels",
        resource: { kind: "policy", id: policyId, label: before.name },
        changes: changesOf("policies", before, { ...before, labels }),
      });
      await notify(tx, { orgId, topic: "policies", id: policyId });
    });
    return { labels };
  },
});
