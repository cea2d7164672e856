import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeNew, authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const setLabelsInput = z.strictObject({ sandboxId: z.uuid(), labels: labelsSchema });

/** Its own labels; those of its node stay before them, so nobody leads a sandbox out of its node's scope. */
export const setLabels = defineVerb({
  name: "sandbox.setLabels",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "sandbox" },
  input: setLabelsInput,
  run: async (ctx, { sandboxId, labels }): Promise<{ labels: Labels }> => {
    const { orgId } = ctx.actor;
    const { sandboxes: t, nodes: n } = tables;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, sandboxId), isNull(t.removedAt));
      const before = first(await tx.select().from(t).where(mine).for("update"));
      if (before === null) throw notFound();
      const node = first(
        await tx
          .select({ labels: n.labels })
          .from(n)
          .where(and(eq(n.orgId, orgId), eq(n.id, before.nodeId))),
      );
      const onNode = (own: unknown): Labels => labelsOnNode(stored<Labels>(own), stored<Labels>(node?.labels ?? {}));
      authorizeOn(ctx.actor, { action: "update", kind: "sandbox", labels: onNode(before.labels) });
      authorizeNew(ctx.actor, { action: "update", kind: "sandbox", labels: onNode(labels) });
      await tx.update(t).set({ labels }).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "sandbox.setLabels",
        resource: { kind: "sandbox", id: sandboxId, label: before.name },
        changes: changesOf("sandboxes", before, { ...before, labels }),
      });
      await notify(tx, { orgId, topic: "sandboxes", id: sandboxId });
      return { labels: onNode(labels) };
    });
  },
});
