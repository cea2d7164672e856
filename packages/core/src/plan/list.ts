import { withOrg } from "@creel/db";
import { z } from "zod";
import { visiblePlans } from "../authz/scopeSql.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { PlanView } from "../views.ts";
import { planViews } from "./view.ts";

export const listInput = z.strictObject({
  nodeId: z.uuid().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

export const list = defineVerb({
  name: "plan.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "plan" },
  input: listInput,
  run: async (ctx, input): Promise<{ items: PlanView[] }> => {
    const { orgId } = ctx.actor;
    return {
      items: await withOrg(ctx.db, orgId, (tx) => planViews(tx, { orgId, ...input, within: visiblePlans(ctx.actor) })),
    };
  },
});
