import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { endOne } from "./endOne.ts";

export const endInput = z.strictObject({ exceptionId: z.uuid() });

/** Ends one before its time, at once and without anybody's approval: what is taken back endangers nobody. */
export const end = defineVerb({
  name: "exception.end",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "exception" },
  input: endInput,
  run: async (ctx, { exceptionId }): Promise<{ exceptionId: string; planIds: string[] }> => {
    const { orgId } = ctx.actor;
    const { egressExceptions: e, sandboxes: s, nodes: n } = tables;
    const now = ctx.clock();
    const planIds = await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(e.orgId, orgId), eq(e.id, exceptionId));
      const found = first(
        await tx
          .select({ exception: e, sandboxName: s.name, nodeId: s.nodeId, labels: sandboxLabels })
          .from(e)
          .innerJoin(s, and(eq(s.orgId, e.orgId), eq(s.id, e.sandboxId)))
          .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
          .where(mine),
      );
      if (found === null) throw notFound();
      const { exception, sandboxName, nodeId } = found;
      authorizeOn(ctx.actor, { action: "delete", kind: "exception", labels: stored<Labels>(found.labels) });
      if (exception.until <= now) throw new CreelError("conflict", "Its time is over already.");
      if (!(await endOne(tx, ctx, { exception, sandboxName })))
        throw new CreelError("conflict", "Somebody has ended it already.");
      return await makePlans(tx, ctx, { orgId, nodeIds: [nodeId], cause: "exception.end" });
    });
    await deliverPlans(ctx, orgId, planIds);
    return { exceptionId, planIds };
  },
});
