import { and, type Db, eq, isNotNull, isNull, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import type { WaysIn } from "../ssoViews.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { domainOf } from "./domain.ts";
import { type ProviderRow, providerOf } from "./row.ts";

export const waysInInput = z.strictObject({ email: z.string().max(254) });

/** What the sign-in page offers to an address. Judged by its domain alone, so that nobody learns which accounts there are. */
export const waysIn = defineVerb({
  name: "sso.waysIn",
  kind: "query",
  gate: { by: "open" },
  input: waysInInput,
  run: async (ctx, { email }): Promise<WaysIn> => {
    const row = await providerFor(ctx.db, email);
    if (row === null) return { provider: null, password: true };
    // A break-glass owner, and people of other orgs, still have a password to give: the page shows it on request.
    return { provider: { name: row.name }, password: !row.enforced };
  },
});

/** The provider of the org that verified an address's domain. */
export async function providerFor(db: Db, email: string): Promise<ProviderRow | null> {
  const domain = domainOf(email);
  if (domain === null) return null;
  const d = tables.identityDomains;
  const found = await withSystem(db, async (tx) =>
    first(
      await tx
        .select({ orgId: d.orgId })
        .from(d)
        .where(and(eq(d.domain, domain), isNotNull(d.verifiedAt), isNull(d.removedAt))),
    ),
  );
  if (found === null) return null;
  return await withOrg(db, found.orgId, async (tx) => await providerOf(tx, found.orgId));
}
