import { withOrg } from "@creel/db";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { tokenViews } from "./view.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "token.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "token" },
  input: listInput,
  run: async (ctx): Promise<{ items: TokenView[] }> => {
    const { orgId } = ctx.actor;
    return { items: await withOrg(ctx.db, orgId, (tx) => tokenViews(tx, { orgId })) };
  },
});
