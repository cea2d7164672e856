import { withOrg } from "@creel/db";
import { z } from "zod";
import type { SingleSignOnView } from "../ssoViews.ts";
import { defineVerb } from "../verb.ts";
import { viewOf } from "./view.ts";
import { worldOf } from "./world.ts";

export const getInput = z.strictObject({});

export const get = defineVerb({
  name: "sso.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "identity_provider" },
  input: getInput,
  run: async (ctx): Promise<SingleSignOnView> =>
    await withOrg(ctx.db, ctx.actor.orgId, async (tx) => await viewOf(tx, worldOf(ctx), ctx.actor.orgId)),
});
