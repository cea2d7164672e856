import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { nodesOfSecret } from "./bound.ts";
import { lockSecret } from "./row.ts";

export const unbindInput = z.strictObject({ bindingId: z.uuid() });

/** Takes a secret away again: the next plan of the node does not name it, and its gateway uses it no more. */
export const unbind = defineVerb({
  name: "secret.unbind",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "secret" },
  input: unbindInput,
  run: async (ctx, { bindingId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const b = tables.secretBindings;
    const mine = and(eq(b.orgId, orgId), eq(b.id, bindingId), isNull(b.endedAt));
    const planIds = await withOrg(ctx.db, orgId, async (tx) => {
      const found = first(await tx.select({ secretId: b.secretId }).from(b).where(mine));
      if (found === null) throw notFound();
      const secret = await lockSecret(tx, { orgId, secretId: found.secretId });
      const before = first(await tx.select().from(b).where(mine).for("update"));
      if (before === null) throw notFound();
      // Those that may use it until now are the ones that have to hear.
      const nodeIds = await nodesOfSecret(tx, { orgId, secretId: secret.id });
      const change = { endedAt: ctx.clock(), endedBy: describeActor(ctx.actor).label };
      await tx.update(b).set(change).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "secret.unbind",
        resource: { kind: "secret", id: secret.id, label: secret.name },
        changes: changesOf("secretBindings", before, { ...before, ...change }),
      });
      await notify(tx, { orgId, topic: "secrets", id: secret.id });
      return await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.unbind" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { ok: true };
  },
});
