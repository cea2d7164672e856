import { and, eq, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { CreelError, notFound } from "../errors/errors.ts";
import { expectPasswordOpens } from "../sso/door.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import { expectStillOpen } from "./lockSignIns.ts";
import { startSession } from "./startSession.ts";

export const switchOrgInput = z.strictObject({ orgId: z.uuid(), userAgent: z.string().max(1024).optional() });

/**
 * Threat: an org's provider, which can sign in whom it likes there, reaches the other orgs of its people; a stolen cookie is turned
 * into another one that lives longer, or that outlives the end of the first. Invariant: what a provider began stays in its org, an org
 * that enforces single sign-on is entered through its own, and the new sign-in ends when the one it came from would have ended.
 *
 * A sign-in in another org of the same person. The one it came from is left as it is: another tab may be in it.
 */
export const switchOrg = defineVerb({
  name: "auth.switchOrg",
  kind: "mutation",
  gate: { by: "self" },
  input: switchOrgInput,
  run: async (ctx, { orgId, userAgent }): Promise<SignedIn> => {
    const m = tables.memberships;
    const { userId, email } = ctx.actor;
    const now = ctx.clock();
    if (orgId === ctx.actor.orgId) throw new CreelError("conflict", "You are in this organization already.");
    if (ctx.actor.identityProviderId != null) throw ofProvider();
    const mine = and(eq(m.orgId, orgId), eq(m.userId, userId));
    // Before anything waits for a turn of the other org: nobody asks in the name of one that they do not belong to.
    const belongs = await withSystem(ctx.db, async (tx) =>
      first(await tx.select({ of: m.userId }).from(m).where(mine)),
    );
    if (belongs === null) throw notFound();
    return await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      const from = await expectStillOpen(system, ctx.actor, now);
      if (from.identityProviderId !== null) throw ofProvider();
      // Read under the other org's row security: an org that one does not belong to is one that does not exist.
      return await withOrg(ctx.db, orgId, async (tx) => {
        if (first(await tx.select({ userId: m.userId }).from(m).where(mine)) === null) throw notFound();
        await expectPasswordOpens(tx, { orgId, userId, email, secondFactor: false, now });
        const actor = { kind: "user" as const, userId, orgId, grants: [], email };
        return await startSession(tx, { ...ctx, actor }, { orgId, userId, email, userAgent, from });
      });
    });
  },
});

const ofProvider = (): CreelError =>
  new CreelError(
    "sso_required",
    "Your identity provider speaks for this organization alone. Sign in to the other one.",
  );
