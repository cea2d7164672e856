import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { nodesOfSecret } from "./bound.ts";
import { endBinding } from "./endBinding.ts";
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
      // Those that may use it until now are the ones that have to hear.
      const nodeIds = await nodesOfSecret(tx, { orgId, secretId: secret.id });
      if (!(await endBinding(tx, ctx, { secret, bindingId }))) throw notFound();
      return await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.unbind" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { ok: true };
  },
});
