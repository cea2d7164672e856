import { and, eq, isNull, ne, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { endLogins } from "../device/endLogins.ts";
import { CreelError } from "../errors/errors.ts";
import { passwordSchema } from "../limits.ts";
import { hashPassword, verifyPassword } from "../secrets/password.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { hasSecondFactor } from "./factor.ts";
import { lockSignIns } from "./lockSignIns.ts";
import { expectProof } from "./proof.ts";
import { countTry, forgetTries } from "./tries.ts";

export const changePasswordInput = z.strictObject({ current: z.string().max(1024), next: passwordSchema });

/**
 * Threat: whoever knew the old password is still signed in somewhere. Invariant: with the password every other sign-in of
 * the person ends, and every login of a command line, in every org, in the transaction that changes it.
 */
export const changePassword = defineVerb({
  name: "auth.changePassword",
  kind: "mutation",
  gate: { by: "self" },
  input: changePasswordInput,
  run: async (ctx, { current, next }): Promise<{ sessionsEnded: number }> => {
    const { users: u, sessions: s } = tables;
    const { userId, orgId, email, sessionId } = ctx.actor;
    const now = ctx.clock();
    // Whoever uses codes gave one a moment ago: a password alone changes nothing of such a person.
    if (await hasSecondFactor(ctx.db, userId)) expectProof(ctx.actor, now);
    // Whoever sits at an open screen may guess as often as at the door, and no more.
    await countTry(ctx.db, { proof: userId }, now);
    const user = await withSystem(ctx.db, async (tx) =>
      first(await tx.select({ passwordHash: u.passwordHash }).from(u).where(eq(u.id, userId))),
    );
    if (!(await verifyPassword(current, user?.passwordHash ?? null)))
      throw new CreelError("forbidden", "The current password is wrong.");
    await forgetTries(ctx.db, { proof: userId });
    const passwordHash = await hashPassword(next);
    const audit = async (at: string, sessionsEnded: number): Promise<void> =>
      await withOrg(ctx.db, at, (tx) =>
        recordAudit(tx, ctx, at, {
          action: "auth.changePassword",
          resource: { kind: "user", id: userId, label: email },
          changes: { password: {}, sessionsEnded: { to: sessionsEnded } },
        }),
      );
    const ended = await withSystemFor(ctx.db, { orgId, userId }, async (tx) => {
      await lockSignIns(tx, userId);
      await tx.update(u).set({ passwordHash }).where(eq(u.id, userId));
      await endLogins(tx, ctx, { userId, now });
      const others = sessionId === undefined ? undefined : ne(s.id, sessionId);
      const rows = await tx
        .update(s)
        .set({ revokedAt: now })
        .where(and(eq(s.userId, userId), isNull(s.revokedAt), others))
        .returning({ id: s.id, orgId: s.orgId });
      await audit(orgId, rows.filter((session) => session.orgId === orgId).length);
      return rows;
    });
    // Each further org where a sign-in ended has its own audit row, which also wakes the streams that are open there.
    for (const at of new Set(ended.map((session) => session.orgId)))
      if (at !== orgId) await audit(at, ended.filter((session) => session.orgId === at).length);
    return { sessionsEnded: ended.length };
  },
});
