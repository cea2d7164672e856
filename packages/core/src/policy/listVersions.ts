import { and, desc, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyVersionView } from "../views.ts";
import { toVersionView } from "./versionView.ts";

export const listVersionsInput = z.strictObject({ policyId: z.uuid() });

export const listVersions = defineVerb({
  name: "policy.listVersions",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: listVersionsInput,
  run: async (ctx, { policyId }): Promise<{ items: PolicyVersionView[] }> => {
    const t = tables.policyVersions;
    const { orgId } = ctx.actor;
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), eq(t.policyId, policyId)))
        .orderBy(desc(t.version))
        .limit(PAGE_MAX),
    );
    // A policy is made together with its first version: none means no policy.
    if (rows.length === 0) throw notFound();
    return { items: rows.map(toVersionView) };
  },
});
