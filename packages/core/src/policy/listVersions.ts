import { and, desc, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visiblePolicies } from "../authz/scopeSql.ts";
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
    const { policyVersions: t, policies: p } = tables;
    const { orgId } = ctx.actor;
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx
        .select({ version: t })
        .from(t)
        .innerJoin(p, and(eq(p.orgId, t.orgId), eq(p.id, t.policyId)))
        .where(and(eq(t.orgId, orgId), eq(t.policyId, policyId), visiblePolicies(ctx.actor)))
        .orderBy(desc(t.version))
        .limit(PAGE_MAX),
    );
    // A policy is made together with its first version: none means no policy.
    if (rows.length === 0) throw notFound();
    return { items: rows.map(({ version }) => toVersionView(version)) };
  },
});
