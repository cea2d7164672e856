import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visiblePolicies } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyVersionDetail } from "../views.ts";
import { toVersionView } from "./versionView.ts";

export const getVersionInput = z.strictObject({ policyId: z.uuid(), version: z.number().int().positive() });

export const getVersion = defineVerb({
  name: "policy.getVersion",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: getVersionInput,
  run: async (ctx, input): Promise<PolicyVersionDetail> => {
    const { policyVersions: t, policies: p } = tables;
    const { orgId } = ctx.actor;
    const row = await withOrg(ctx.db, orgId, async (tx) =>
      first(
        await tx
          .select({ version: t })
          .from(t)
          .innerJoin(p, and(eq(p.orgId, t.orgId), eq(p.id, t.policyId)))
          .where(
            and(
              eq(t.orgId, orgId),
              eq(t.policyId, input.policyId),
              eq(t.version, input.version),
              visiblePolicies(ctx.actor),
            ),
          ),
      ),
    );
    if (row === null) throw notFound();
    return { ...toVersionView(row.version), yaml: row.version.yaml };
  },
});
