import { eq, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { defineVerb } from "../verb.ts";
import { expectOwnSignIn, expectProof } from "./proof.ts";

export const removeTotpInput = z.strictObject({});

/** The password alone opens the door again. */
export const removeTotp = defineVerb({
  name: "auth.removeTotp",
  kind: "mutation",
  gate: { by: "self" },
  input: removeTotpInput,
  run: async (ctx): Promise<{ ok: true }> => {
    const { userId, orgId, email } = ctx.actor;
    const { userTotp, userRecoveryCodes } = tables;
    expectProof(ctx.actor, ctx.clock());
    expectOwnSignIn(ctx.actor);
    const resource = { kind: "user", id: userId, label: email };
    await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      await system.delete(userTotp).where(eq(userTotp.userId, userId));
      await system.delete(userRecoveryCodes).where(eq(userRecoveryCodes.userId, userId));
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.removeTotp", resource }));
    });
    return { ok: true };
  },
});
