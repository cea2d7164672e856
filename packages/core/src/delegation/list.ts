import { asc, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { namesIn } from "../change/names.ts";
import type { DelegationView } from "../changeViews.ts";
import { defineVerb } from "../verb.ts";
import { activeIn } from "./active.ts";
import { toDelegationView } from "./view.ts";

export const listInput = z.strictObject({});

/** Whose votes are lent to whom at this moment. */
export const list = defineVerb({
  name: "delegation.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "approval_policy" },
  input: listInput,
  run: async (ctx): Promise<{ items: DelegationView[] }> => {
    const { orgId } = ctx.actor;
    const d = tables.approvalDelegations;
    return await withOrg(ctx.db, orgId, async (tx) => {
      // At most one of each member.
      const rows = await tx
        .select()
        .from(d)
        .where(activeIn({ orgId, now: ctx.clock() }))
        .orderBy(asc(d.until), asc(d.id));
      const { person } = await namesIn(tx, orgId);
      return { items: rows.map((row) => toDelegationView(row, person)) };
    });
  },
});
