import { withOrg } from "@creel/db";
import { z } from "zod";
import { authorize } from "../authz/authorize.ts";
import { mayAtAll } from "../authz/grant.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { tokenViews } from "./view.ts";

export const listInput = z.strictObject({});

/** Every key of the org for who may see them; one's own for everybody else. */
export const list = defineVerb({
  name: "token.list",
  kind: "query",
  gate: { by: "member" },
  input: listInput,
  run: async (ctx): Promise<{ items: TokenView[] }> => {
    const { actor } = ctx;
    const { orgId } = actor;
    if (actor.kind !== "user") authorize(ctx, "read", "token");
    const all = mayAtAll(actor.grants, "read", "token");
    const ownerUserId = all || actor.kind !== "user" ? undefined : actor.userId;
    return { items: await withOrg(ctx.db, orgId, (tx) => tokenViews(tx, { orgId, ownerUserId, now: ctx.clock() })) };
  },
});
