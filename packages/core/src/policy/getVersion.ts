import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
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
    const t = tables.policyVersions;
    const { orgId } = ctx.actor;
    const row = await withOrg(ctx.db, orgId, async (tx) =>
      first(
        await tx
          .select()
          .from(t)
          .where(and(eq(t.orgId, orgId), eq(t.policyId, input.policyId), eq(t.version, input.version))),
      ),
    );
    if (row === null) throw notFound();
    return { ...toVersionView(row), yaml: row.yaml };
  },
});
