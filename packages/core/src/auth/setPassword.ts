import { eq, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { CreelError } from "../errors/errors.ts";
import { passwordSchema } from "../limits.ts";
import { hashPassword } from "../secrets/password.ts";
import { closedOrgOf } from "../sso/door.ts";
import { defineVerb } from "../verb.ts";
import { lockSignIns } from "./lockSignIns.ts";

export const setPasswordInput = z.strictObject({ next: passwordSchema });

/**
 * A first password of somebody whom a provider let in. Threat: a provider, which can sign in whom it likes in its org, sets a password
 * that opens the person's other orgs, or one beside which its own org's enforcement means nothing. Invariant: it is set once, right
 * after the provider was shown who it is, by somebody who belongs to that provider's org alone, while no org enforces single sign-on
 * for the address.
 */
export const setPassword = defineVerb({
  name: "auth.setPassword",
  kind: "mutation",
  gate: { by: "self" },
  proof: true,
  input: setPasswordInput,
  run: async (ctx, { next }): Promise<{ ok: true }> => {
    const { userId, orgId, email } = ctx.actor;
    const { users: u, memberships: m } = tables;
    if ((await closedOrgOf(ctx.db, email)) !== null)
      throw new CreelError("sso_required", "Your organization has its people sign in through its identity provider.");
    const passwordHash = await hashPassword(next);
    await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      const user = await lockSignIns(system, userId);
      if (user === null || user.passwordHash !== null)
        throw new CreelError("conflict", "You have a password. Change it with the one you have.");
      const orgs = await system.select({ orgId: m.orgId }).from(m).where(eq(m.userId, userId));
      if (orgs.some((one) => one.orgId !== orgId))
        throw new CreelError(
          "forbidden",
          "You belong to other organizations too, and the provider of this one does not speak for them.",
        );
      await system.update(u).set({ passwordHash }).where(eq(u.id, userId));
      await withOrg(ctx.db, orgId, (tx) =>
        recordAudit(tx, ctx, orgId, {
          action: "auth.setPassword",
          resource: { kind: "user", id: userId, label: email },
          changes: { password: {} },
        }),
      );
    });
    return { ok: true };
  },
});
