import { withOrg } from "@creel/db";
import { z } from "zod";
import { visiblePolicies } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyDetail } from "../views.ts";
import { policyDetails } from "./view.ts";

export const getInput = z.strictObject({ policyId: z.uuid() });

export const get = defineVerb({
  name: "policy.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: getInput,
  run: async (ctx, { policyId }): Promise<PolicyDetail> => {
    const { orgId } = ctx.actor;
    const [found] = await withOrg(ctx.db, orgId, (tx) =>
      policyDetails(tx, { orgId, policyId, within: visiblePolicies(ctx.actor) }),
    );
    if (found === undefined) throw notFound();
    return found;
  },
});
