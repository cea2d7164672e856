import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import { startSession } from "./startSession.ts";

export const switchOrgInput = z.strictObject({ orgId: z.uuid(), userAgent: z.string().max(1024).optional() });

/** A sign-in in another org of the same person. The one it came from is left as it is: another tab may be in it. */
export const switchOrg = defineVerb({
  name: "auth.switchOrg",
  kind: "mutation",
  gate: { by: "self" },
  input: switchOrgInput,
  run: async (ctx, { orgId, userAgent }): Promise<SignedIn> => {
    const m = tables.memberships;
    const { userId, email } = ctx.actor;
    // Read under the other org's row security: an org that one does not belong to is one that does not exist.
    return await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(m.orgId, orgId), eq(m.userId, userId));
      if (first(await tx.select({ userId: m.userId }).from(m).where(mine)) === null) throw notFound();
      const actor = { kind: "user" as const, userId, orgId, grants: [], email };
      return await startSession(tx, { ...ctx, actor }, { orgId, userId, email, userAgent, action: "auth.switchOrg" });
    });
  },
});
