import { withOrg } from "@creel/db";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SecretView } from "../views.ts";
import { secretViews } from "./view.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "secret.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "secret" },
  input: listInput,
  run: async (ctx): Promise<{ items: SecretView[] }> => {
    const { orgId } = ctx.actor;
    return { items: await withOrg(ctx.db, orgId, (tx) => secretViews(tx, { orgId })) };
  },
});
