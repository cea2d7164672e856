import { and, eq, isNull, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { verifyPassword } from "../secrets/password.ts";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { codeAsked, hasSecondFactor, takeCode } from "./factor.ts";
import { PROOF_MS_MAX } from "./limits.ts";
import { countTry, forgetTries } from "./tries.ts";

export const proveInput = z.strictObject({
  password: z.string().max(1024),
  code: z.string().max(64).optional(),
});

/** The step before what `expectProof` guards: the same factors as at the door, for this sign-in alone. */
export const prove = defineVerb({
  name: "auth.prove",
  kind: "mutation",
  gate: { by: "self" },
  input: proveInput,
  run: async (ctx, { password, code }): Promise<{ until: string }> => {
    const { orgId, userId, email, sessionId } = ctx.actor;
    const { users: u, sessions: s } = tables;
    const now = ctx.clock();
    // Proof belongs to a sign-in, and there is none.
    if (sessionId === undefined) throw notFound();
    // The provider may ask for more than we would, and an old password must not stand in for it.
    if (ctx.actor.identityProviderId != null)
      throw new CreelError("forbidden", "Your identity provider signed you in: prove there that it is you.");
    await countTry(ctx.db, { proof: userId }, now);
    const user = await withSystem(ctx.db, async (tx) =>
      first(await tx.select({ passwordHash: u.passwordHash }).from(u).where(eq(u.id, userId))),
    );
    const right = await verifyPassword(password, user?.passwordHash ?? null);
    const needsCode = await hasSecondFactor(ctx.db, userId);
    if (right && needsCode && code === undefined) throw codeAsked();
    const proved = right && (!needsCode || (await takeCode(ctx, { userId, code: code ?? "", now })) !== null);
    const resource = { kind: "session", id: sessionId, label: email };
    if (!proved) {
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.signInFailed", resource }));
      throw new CreelError("forbidden", "The password or the code is wrong.");
    }
    await forgetTries(ctx.db, { proof: userId });
    await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(s.orgId, orgId), eq(s.id, sessionId), eq(s.userId, userId), isNull(s.revokedAt));
      const before = first(await tx.select().from(s).where(mine).for("update"));
      if (before === null) throw notFound();
      await tx.update(s).set({ provedAt: now }).where(mine);
      const changes = changesOf("sessions", before, { ...before, provedAt: now });
      await recordAudit(tx, ctx, orgId, { action: "auth.prove", resource, changes });
    });
    return { until: iso(new Date(now.getTime() + PROOF_MS_MAX)) };
  },
});
