import { and, eq, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { FactorsView } from "../views.ts";
import { recoveryCodesLeft } from "./factor.ts";
import { PROOF_MS_MAX } from "./limits.ts";

export const listFactorsInput = z.strictObject({});

/** What somebody proves with who they are, and until when this sign-in is proved. */
export const listFactors = defineVerb({
  name: "auth.listFactors",
  kind: "query",
  gate: { by: "self" },
  input: listFactorsInput,
  run: async (ctx): Promise<FactorsView> => {
    const { userTotp: t, users: u, identityProviders: p } = tables;
    const { userId, orgId, provedAt, identityProviderId } = ctx.actor;
    const until = provedAt == null ? null : new Date(provedAt.getTime() + PROOF_MS_MAX);
    const own = await withSystem(ctx.db, async (tx) => {
      const row = first(await tx.select({ at: t.confirmedAt }).from(t).where(eq(t.userId, userId)));
      const user = first(await tx.select({ passwordHash: u.passwordHash }).from(u).where(eq(u.id, userId)));
      return {
        totpSince: row?.at == null ? null : iso(row.at),
        recoveryCodesLeft: await recoveryCodesLeft(tx, userId),
        hasPassword: user?.passwordHash != null,
      };
    });
    const provider =
      identityProviderId == null
        ? null
        : await withOrg(ctx.db, orgId, async (tx) =>
            first(
              await tx
                .select({ name: p.name })
                .from(p)
                .where(and(eq(p.orgId, orgId), eq(p.id, identityProviderId))),
            ),
          );
    return { ...own, provider, provedUntil: until !== null && until > ctx.clock() ? iso(until) : null };
  },
});
