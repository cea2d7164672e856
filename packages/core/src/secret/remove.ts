import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { defineVerb } from "../verb.ts";
import { nodesOfSecret } from "./bound.ts";
import { EMPTY, lockSecret } from "./row.ts";

export const removeInput = z.strictObject({ secretId: z.uuid() });

/** Ends every use of it and empties every version; its row stays, because decisions name it. */
export const remove = defineVerb({
  name: "secret.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "secret" },
  input: removeInput,
  run: async (ctx, { secretId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const { secrets: t, secretVersions: v, secretBindings: b } = tables;
    const now = ctx.clock();
    const planIds = await withOrg(ctx.db, orgId, async (tx) => {
      const before = await lockSecret(tx, { orgId, secretId });
      const nodeIds = await nodesOfSecret(tx, { orgId, secretId });
      await tx
        .update(v)
        .set({ endsAt: now, endedAt: now, ...EMPTY })
        .where(and(eq(v.orgId, orgId), eq(v.secretId, secretId), isNull(v.endedAt)));
      await tx
        .update(b)
        .set({ endedAt: now, endedBy: describeActor(ctx.actor).label })
        .where(and(eq(b.orgId, orgId), eq(b.secretId, secretId), isNull(b.endedAt)));
      const after = { ...before, removedAt: now, updatedAt: now };
      await tx
        .update(t)
        .set({ removedAt: now, updatedAt: now })
        .where(and(eq(t.orgId, orgId), eq(t.id, secretId)));
      await recordAudit(tx, ctx, orgId, {
        action: "secret.remove",
        resource: { kind: "secret", id: secretId, label: before.name },
        changes: changesOf("secrets", before, after),
      });
      await notify(tx, { orgId, topic: "secrets", id: secretId });
      return await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.remove" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { ok: true };
  },
});
