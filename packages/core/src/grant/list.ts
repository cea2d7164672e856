import { withOrg } from "@creel/db";
import { z } from "zod";
import type { GrantView } from "../peopleViews.ts";
import { defineVerb } from "../verb.ts";
import { grantViews } from "./view.ts";

export const listInput = z.strictObject({
  /** Those that ended and expired too: who could do what, when. */
  show: z.enum(["current", "all"]).default("current"),
});

export const list = defineVerb({
  name: "grant.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "grant" },
  input: listInput,
  run: async (ctx, { show }): Promise<{ items: GrantView[] }> => {
    const { orgId } = ctx.actor;
    return {
      items: await withOrg(ctx.db, orgId, (tx) => grantViews(tx, { orgId, past: show === "all", now: ctx.clock() })),
    };
  },
});
