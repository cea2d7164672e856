import { eq, tables, withSystem } from "@creel/db";
import { z } from "zod";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { FactorsView } from "../views.ts";
import { recoveryCodesLeft } from "./factor.ts";
import { PROOF_MS_MAX } from "./limits.ts";

export const listFactorsInput = z.strictObject({});

export const listFactors = defineVerb({
  name: "auth.listFactors",
  kind: "query",
  gate: { by: "self" },
  input: listFactorsInput,
  run: async (ctx): Promise<FactorsView> => {
    const t = tables.userTotp;
    const { userId, provedAt } = ctx.actor;
    return await withSystem(ctx.db, async (tx) => {
      const row = first(await tx.select({ at: t.confirmedAt }).from(t).where(eq(t.userId, userId)));
      const until = provedAt == null ? null : new Date(provedAt.getTime() + PROOF_MS_MAX);
      return {
        totpSince: row?.at == null ? null : iso(row.at),
        recoveryCodesLeft: await recoveryCodesLeft(tx, userId),
        provedUntil: until !== null && until > ctx.clock() ? iso(until) : null,
      };
    });
  },
});
