import { describeFreeze, describeSelector, describeSteps } from "@creel/approvals";
import { and, asc, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { namesIn } from "../change/names.ts";
import type { ApprovalPolicyView } from "../changeViews.ts";
import { iso, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { specOf } from "./change.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "approvalPolicy.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "approval_policy" },
  input: listInput,
  run: async (ctx): Promise<{ items: ApprovalPolicyView[] }> => {
    const { orgId } = ctx.actor;
    const t = tables.approvalPolicies;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
        .orderBy(asc(t.name));
      const names = await namesIn(tx, orgId);
      return {
        items: rows.map((row) => {
          const spec = specOf(row);
          return {
            id: row.id,
            name: row.name,
            mode: stored<ApprovalPolicyView["mode"]>(row.mode),
            spec,
            selects: describeSelector(spec.selector),
            asks: describeSteps(spec.steps, names.of),
            freezes: spec.freezes.map(describeFreeze),
            createdAt: iso(row.createdAt),
            updatedAt: iso(row.updatedAt),
          };
        }),
      };
    });
  },
});
