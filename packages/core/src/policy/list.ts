import { withOrg } from "@creel/db";
import { z } from "zod";
import { visiblePolicies } from "../authz/scopeSql.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyView } from "../views.ts";
import { policyDetails, withoutText } from "./view.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "policy.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: listInput,
  run: async (ctx): Promise<{ items: PolicyView[] }> => {
    const { orgId } = ctx.actor;
    const found = await withOrg(ctx.db, orgId, (tx) =>
      policyDetails(tx, { orgId, within: visiblePolicies(ctx.actor) }),
    );
    return { items: found.map(withoutText) };
  },
});
