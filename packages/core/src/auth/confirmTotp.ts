import { and, eq, isNull, ne, type Tx, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { endLogins } from "../device/endLogins.ts";
import { CreelError } from "../errors/errors.ts";
import { hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { totpPlace } from "./factor.ts";
import { PENDING_MS_MAX } from "./limits.ts";
import { lockSignIns } from "./lockSignIns.ts";
import { expectOwnSignIn, expectProof } from "./proof.ts";
import { makeRecoveryCode, RECOVERY_CODES, recoveryHash } from "./recovery.ts";
import { stepOfCode } from "./totp.ts";
import { countTry, forgetTries } from "./tries.ts";

export const confirmTotpInput = z.strictObject({ code: z.string().max(64) });

/** From here on a code is asked for at every sign-in. Answers the recovery codes, this once; other sign-ins end, they knew no code. */
export const confirmTotp = defineVerb({
  name: "auth.confirmTotp",
  kind: "mutation",
  gate: { by: "self" },
  input: confirmTotpInput,
  run: async (ctx, { code }): Promise<{ recoveryCodes: string[] }> => {
    const { userId, orgId, email, sessionId } = ctx.actor;
    const t = tables.userTotp;
    const now = ctx.clock();
    expectProof(ctx.actor, now);
    expectOwnSignIn(ctx.actor);
    await countTry(ctx.db, { proof: userId }, now);
    const resource = { kind: "user", id: userId, label: email };
    const audit = async (at: string): Promise<void> =>
      await withOrg(ctx.db, at, (tx) => recordAudit(tx, ctx, at, { action: "auth.confirmTotp", resource }));
    const { recoveryCodes, ended } = await withSystemFor(ctx.db, { orgId, userId }, async (tx) => {
      await lockSignIns(tx, userId);
      const row = first(await tx.select().from(t).where(eq(t.userId, userId)).for("update"));
      const offered = row?.pendingSecret ?? null;
      const fresh = row?.pendingAt != null && now.getTime() - row.pendingAt.getTime() <= PENDING_MS_MAX;
      if (offered === null || !fresh)
        throw new CreelError("conflict", "Nothing waits for a code. Begin again and scan the new picture.");
      const step = stepOfCode(await ctx.seal.open(offered, totpPlace(userId)), code, { now, lastStep: null });
      if (step === null) throw new CreelError("forbidden", "The code is wrong. Is the clock of your phone right?");
      const confirmed = {
        sealedSecret: offered,
        lastStep: step,
        confirmedAt: now,
        pendingSecret: null,
        pendingAt: null,
      };
      await tx.update(t).set(confirmed).where(eq(t.userId, userId));
      await endLogins(tx, ctx, { userId, now });
      const made = {
        recoveryCodes: await replaceRecoveryCodes(tx, userId, now),
        ended: await endOthers(tx, { userId, sessionId, now }),
      };
      await audit(orgId);
      return made;
    });
    await forgetTries(ctx.db, { proof: userId });
    // Each further org where a sign-in ended has its own audit row, which also wakes the streams that are open there.
    for (const at of new Set(ended)) if (at !== orgId) await audit(at);
    return { recoveryCodes };
  },
});

/** The former ones are gone: whoever found them on paper has nothing. */
export async function replaceRecoveryCodes(tx: Tx, userId: string, now: Date): Promise<string[]> {
  const t = tables.userRecoveryCodes;
  const codes = Array.from({ length: RECOVERY_CODES }, makeRecoveryCode);
  await tx.delete(t).where(eq(t.userId, userId));
  await tx
    .insert(t)
    .values(codes.map((code) => ({ userId, codeHash: recoveryHash(code) ?? hashToken(code), createdAt: now })));
  return codes;
}

async function endOthers(
  tx: Tx,
  { userId, sessionId, now }: { userId: string; sessionId: string | undefined; now: Date },
): Promise<string[]> {
  const s = tables.sessions;
  const others = sessionId === undefined ? undefined : ne(s.id, sessionId);
  const rows = await tx
    .update(s)
    .set({ revokedAt: now })
    .where(and(eq(s.userId, userId), isNull(s.revokedAt), others))
    .returning({ orgId: s.orgId });
  return rows.map((row) => row.orgId);
}
