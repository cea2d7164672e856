import { randomBytes } from "node:crypto";
import { tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { defineVerb } from "../verb.ts";
import { totpPlace } from "./factor.ts";
import { expectOwnSignIn, expectProof } from "./proof.ts";
import { base32, TOTP_SECRET_BYTES, totpUri } from "./totp.ts";

export const beginTotpInput = z.strictObject({});

/** Offers an authenticator its secret, in this answer and nowhere else; the factor that is there stays until a code confirms the new one. */
export const beginTotp = defineVerb({
  name: "auth.beginTotp",
  kind: "mutation",
  gate: { by: "self" },
  input: beginTotpInput,
  run: async (ctx): Promise<{ secret: string; uri: string }> => {
    const { userId, orgId, email } = ctx.actor;
    const now = ctx.clock();
    expectProof(ctx.actor, now);
    expectOwnSignIn(ctx.actor);
    const secret = randomBytes(TOTP_SECRET_BYTES);
    const pendingSecret = await ctx.seal.seal(secret, totpPlace(userId));
    const t = tables.userTotp;
    const resource = { kind: "user", id: userId, label: email };
    await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      await system
        .insert(t)
        .values({ userId, pendingSecret, pendingAt: now })
        .onConflictDoUpdate({ target: t.userId, set: { pendingSecret, pendingAt: now } });
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.beginTotp", resource }));
    });
    const text = base32(secret);
    return { secret: text, uri: totpUri(text, { issuer: "Creel", account: email }) };
  },
});
