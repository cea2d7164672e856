import { and, eq, tables, withOrg } from "@creel/db";
import type { DesiredState } from "@creel/protocol";
import { z } from "zod";
import { visiblePlans } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { PlanDetail } from "../views.ts";
import { planViews } from "./view.ts";

export const getInput = z.strictObject({ planId: z.uuid() });

export const get = defineVerb({
  name: "plan.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "plan" },
  input: getInput,
  run: async (ctx, { planId }): Promise<PlanDetail> => {
    const { orgId } = ctx.actor;
    const t = tables.plans;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const [view] = await planViews(tx, { orgId, planId, within: visiblePlans(ctx.actor), limit: 1 });
      const row = first(
        await tx
          .select({ content: t.content })
          .from(t)
          .where(and(eq(t.orgId, orgId), eq(t.id, planId))),
      );
      if (view === undefined || row === null) throw notFound();
      return { ...view, content: stored<DesiredState>(row.content) };
    });
  },
});
