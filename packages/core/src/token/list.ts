import { desc, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { toTokenView } from "./view.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "token.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "token" },
  input: listInput,
  run: async (ctx): Promise<{ items: TokenView[] }> => {
    const t = tables.apiTokens;
    const rows = await withOrg(ctx.db, ctx.actor.orgId, (tx) =>
      tx.select().from(t).where(eq(t.orgId, ctx.actor.orgId)).orderBy(desc(t.id)).limit(PAGE_MAX),
    );
    return { items: rows.map(toTokenView) };
  },
});
