import { asc, eq, tables, withSystem } from "@creel/db";
import { z } from "zod";
import { PAGE_MAX } from "../limits.ts";
import { foundingRefusal } from "../org/founding.ts";
import type { OrgMembership } from "../peopleViews.ts";
import { defineVerb } from "../verb.ts";

export const listOrgsInput = z.strictObject({});

/** The orgs a person belongs to, and why they cannot found another one, for the switcher. */
export const listOrgs = defineVerb({
  name: "auth.listOrgs",
  kind: "query",
  gate: { by: "self" },
  input: listOrgsInput,
  run: async (ctx): Promise<{ items: OrgMembership[]; foundingRefusal: string | null }> => {
    const { memberships: m, orgs: o } = tables;
    const rows = await withSystem(ctx.db, (tx) =>
      tx
        .select({ id: o.id, slug: o.slug, name: o.name })
        .from(m)
        .innerJoin(o, eq(o.id, m.orgId))
        .where(eq(m.userId, ctx.actor.userId))
        .orderBy(asc(o.name))
        .limit(PAGE_MAX),
    );
    const items = rows.map((row) => ({ ...row, current: row.id === ctx.actor.orgId }));
    return { items, foundingRefusal: foundingRefusal(ctx) };
  },
});
