import { and, eq, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { hasSecondFactor } from "../auth/factor.ts";
import { expectProof } from "../auth/proof.ts";
import { ownsOrg } from "../authz/grant.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import type { SingleSignOnView } from "../ssoViews.ts";
import { first } from "../stored.ts";
import { findMember } from "../team/find.ts";
import { defineVerb } from "../verb.ts";
import { expectOwner } from "./owner.ts";
import { domainsOf, existingProvider, type ProviderRow } from "./row.ts";
import { endPasswordSignIns } from "./sessions.ts";
import { viewOf } from "./view.ts";
import { worldOf } from "./world.ts";

export const enforceInput = z.discriminatedUnion("enforced", [
  z.strictObject({ enforced: z.literal(true), breakGlassUserId: z.uuid() }),
  z.strictObject({ enforced: z.literal(false) }),
]);

/**
 * From here on passwords of the verified domains' people do not open this org, and those that did are signed out. Invariant: nobody
 * is locked out by it: somebody came in through the provider as it is set up, and one owner with a password and an authenticator
 * stays able to come in without it.
 */
export const enforce = defineVerb({
  name: "sso.enforce",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: enforceInput,
  run: async (ctx, input): Promise<SingleSignOnView> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const t = tables.identityProviders;
    expectProof(ctx.actor, now);
    expectOwner(ctx.actor);
    const breakGlassUserId = input.enforced ? input.breakGlassUserId : null;
    if (breakGlassUserId !== null) await expectBreakGlass(ctx, breakGlassUserId);
    return await withOrg(ctx.db, orgId, async (tx) => {
      expectOwner((await underPeopleLock(tx, ctx, { action: "update", on: "identity_provider" })).actor);
      const before = await existingProvider(tx, orgId);
      if (input.enforced) await expectReady(tx, before);
      const after = { ...before, enforced: input.enforced, breakGlassUserId };
      await tx
        .update(t)
        .set({ enforced: after.enforced, breakGlassUserId })
        .where(and(eq(t.orgId, orgId), eq(t.id, before.id)));
      const sessionsEnded =
        breakGlassUserId === null ? 0 : await endPasswordSignIns(tx, { orgId, exceptUserId: breakGlassUserId, now });
      await recordAudit(tx, ctx, orgId, {
        action: "sso.enforce",
        resource: { kind: "identity_provider", id: before.id, label: before.name },
        changes: { ...changesOf("identityProviders", before, after), sessionsEnded: { to: sessionsEnded } },
      });
      return await viewOf(tx, worldOf(ctx), orgId);
    });
  },
});

async function expectReady(tx: Tx, row: ProviderRow): Promise<void> {
  if (row.provenAt === null)
    throw new CreelError(
      "conflict",
      "Nobody has signed in through this provider yet. Sign in through it once, then enforce it.",
    );
  if (!(await domainsOf(tx, row.orgId)).some((one) => one.verifiedAt !== null))
    throw new CreelError("conflict", "No domain is verified yet, so there is nobody to enforce it for.");
}

/** Whoever stays outside of single sign-on must be able to come in, and worth it. */
async function expectBreakGlass(ctx: Ctx<UserActor | ApiKeyActor>, userId: string): Promise<void> {
  const { orgId } = ctx.actor;
  const u = tables.users;
  await withOrg(ctx.db, orgId, async (tx) => {
    const { email } = await findMember(tx, { orgId, userId });
    if (!(await isOwner(tx, { orgId, userId, now: ctx.clock() })))
      throw new CreelError("conflict", `${email} is no owner of the whole organization for good.`);
  });
  const user = await withSystem(ctx.db, async (tx) =>
    first(await tx.select({ passwordHash: u.passwordHash }).from(u).where(eq(u.id, userId))),
  );
  if (user?.passwordHash == null || !(await hasSecondFactor(ctx.db, userId)))
    throw new CreelError(
      "conflict",
      "The break-glass owner needs a password and an authenticator. They set them up under Settings, Second factor.",
    );
}

export async function isOwner(tx: Tx, who: { orgId: string; userId: string; now: Date }): Promise<boolean> {
  const grants = await grantsOf(tx, who);
  return ownsOrg(grants.filter(({ expiresAt }) => expiresAt === null));
}
