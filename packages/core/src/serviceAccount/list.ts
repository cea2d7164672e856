import { and, asc, eq, gt, isNull, or, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { grantsOfServiceAccount } from "../authz/grantsOf.ts";
import { toHeldGrant } from "../authz/heldGrant.ts";
import { PAGE_MAX } from "../limits.ts";
import type { ServiceAccountView } from "../peopleViews.ts";
import { iso, isoOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "serviceAccount.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "service_account" },
  input: listInput,
  run: async (ctx): Promise<{ items: ServiceAccountView[] }> => {
    const { orgId } = ctx.actor;
    const { serviceAccounts: s, apiTokens: k } = tables;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await tx
        .select({ account: s, keyCount: sql<number>`count(${k.id})::int` })
        .from(s)
        .leftJoin(
          k,
          and(
            eq(k.orgId, s.orgId),
            eq(k.ownerServiceAccountId, s.id),
            isNull(k.revokedAt),
            or(isNull(k.expiresAt), gt(k.expiresAt, now)),
          ),
        )
        .where(eq(s.orgId, orgId))
        .groupBy(s.orgId, s.id)
        .orderBy(asc(s.name))
        .limit(PAGE_MAX);
      const items: ServiceAccountView[] = [];
      for (const { account, keyCount } of rows)
        items.push({
          id: account.id,
          name: account.name,
          description: account.description,
          grants: (await grantsOfServiceAccount(tx, { orgId, serviceAccountId: account.id, now })).map(toHeldGrant),
          keyCount,
          createdBy: account.createdBy,
          createdAt: iso(account.createdAt),
          disabledAt: isoOrNull(account.disabledAt),
        });
      return { items };
    });
  },
});
