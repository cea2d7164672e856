import { and, eq, isNull, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { lockSignIns } from "../auth/lockSignIns.ts";
import { forgetTries } from "../auth/tries.ts";
import { ownsOrg } from "../authz/grant.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import { endLogins } from "../device/endLogins.ts";
import { CreelError } from "../errors/errors.ts";
import { passwordSchema, slugSchema } from "../limits.ts";
import { hashPassword } from "../secrets/password.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const resetOwnerInput = z.strictObject({
  slug: slugSchema,
  email: z.email().max(254),
  password: passwordSchema,
});

/**
 * For whoever runs the installation where an owner's password is lost. Threat: it makes an owner of somebody who was removed, or whoever
 * had the old password stays in. Invariant: it gives a new password to who owns the org at this moment and nothing more, ends all of
 * their sign-ins, and stands in the audit. Their second factor stays: it is not lost with a password.
 */
export const resetOwner = defineVerb({
  name: "org.resetOwner",
  kind: "mutation",
  gate: { by: "system" },
  input: resetOwnerInput,
  run: async (ctx, input): Promise<{ sessionsEnded: number }> => {
    const { orgs: o, users: u, sessions: s } = tables;
    const email = input.email.toLowerCase();
    const now = ctx.clock();
    const passwordHash = await hashPassword(input.password);
    const found = await withSystem(ctx.db, async (tx) => ({
      org: first(await tx.select({ id: o.id }).from(o).where(eq(o.slug, input.slug))),
      user: first(await tx.select({ id: u.id, disabledAt: u.disabledAt }).from(u).where(eq(u.email, email))),
    }));
    const { org, user } = found;
    if (org === null || user === null || user.disabledAt !== null) throw noOwner(email);
    const [orgId, userId] = [org.id, user.id];
    const sessionsEnded = await withSystemFor(ctx.db, { orgId, userId, isFar: true }, async (system) => {
      await lockSignIns(system, userId);
      const held = await withOrg(ctx.db, orgId, (tx) => grantsOf(tx, { orgId, userId, now }));
      if (!ownsOrg(held)) throw noOwner(email);
      await endLogins(system, ctx, { userId, now });
      await system.update(u).set({ passwordHash }).where(eq(u.id, userId));
      const ended = await system
        .update(s)
        .set({ revokedAt: now })
        .where(and(eq(s.userId, userId), isNull(s.revokedAt)))
        .returning({ orgId: s.orgId });
      // Each org where a sign-in ended has its own audit row, which also wakes the streams that are open there.
      for (const at of new Set([orgId, ...ended.map((session) => session.orgId)]))
        await withOrg(ctx.db, at, (tx) =>
          recordAudit(tx, ctx, at, {
            action: "org.resetOwner",
            resource: { kind: "user", id: userId, label: email },
            changes: { password: {}, sessionsEnded: { to: ended.filter((session) => session.orgId === at).length } },
          }),
        );
      return ended.length;
    });
    await forgetTries(ctx.db, { account: email });
    return { sessionsEnded };
  },
});

const noOwner = (email: string): CreelError =>
  new CreelError("conflict", `${email} owns this organization no more, so their password is not touched.`);
