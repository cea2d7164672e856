import { withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { replaceRecoveryCodes } from "./confirmTotp.ts";
import { hasSecondFactor } from "./factor.ts";
import { expectOwnSignIn, expectProof } from "./proof.ts";

export const newRecoveryCodesInput = z.strictObject({});

export const newRecoveryCodes = defineVerb({
  name: "auth.newRecoveryCodes",
  kind: "mutation",
  gate: { by: "self" },
  input: newRecoveryCodesInput,
  run: async (ctx): Promise<{ recoveryCodes: string[] }> => {
    const { userId, orgId, email } = ctx.actor;
    const now = ctx.clock();
    expectProof(ctx.actor, now);
    expectOwnSignIn(ctx.actor);
    if (!(await hasSecondFactor(ctx.db, userId)))
      throw new CreelError("conflict", "Recovery codes stand in for an authenticator, and you use none.");
    const resource = { kind: "user", id: userId, label: email };
    const recoveryCodes = await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      const codes = await replaceRecoveryCodes(system, userId, now);
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.newRecoveryCodes", resource }));
      return codes;
    });
    return { recoveryCodes };
  },
});
