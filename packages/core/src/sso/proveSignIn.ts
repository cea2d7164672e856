import { and, eq, gt, isNull, tables, withOrg } from "@creel/db";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { accountOf, personOfClaims } from "./account.ts";
import type { Claims } from "./claims.ts";
import { expectUnchanged, provedAt } from "./enter.ts";
import type { ProviderRow } from "./row.ts";

/** A sign-in that was open already and is now proved anew; the browser keeps the cookie that it has. */
export interface ProvedSignIn {
  proved: true;
}

/**
 * Threat: somebody else at the same screen, or another account of the same person, answers the provider's question, and the page goes
 * on as if its own person had. Invariant: the sign-in that asked is proved, by the identity that it belongs to, at the provider that
 * began it, and no other one comes into being.
 */
export async function proveSignIn(
  ctx: Ctx,
  { row, claims, of }: { row: ProviderRow; claims: Claims; of: { userId: string; sessionId: string } },
): Promise<ProvedSignIn> {
  const { orgId } = row;
  const { userId, sessionId } = of;
  const now = ctx.clock();
  const person = personOfClaims(row, claims);
  const at = provedAt(claims, now);
  if (at === null) throw refused("Your identity provider does not say when you showed it who you are (auth_time).");
  const s = tables.sessions;
  await withOrg(ctx.db, orgId, async (tx) => {
    await expectUnchanged(tx, row);
    const account = await accountOf(tx, row, person);
    if (account === null || account.id !== userId) throw refused("Your identity provider named somebody else.");
    const mine = and(
      eq(s.orgId, orgId),
      eq(s.id, sessionId),
      eq(s.userId, userId),
      eq(s.identityProviderId, row.id),
      isNull(s.revokedAt),
      gt(s.expiresAt, now),
    );
    const before = first(await tx.select().from(s).where(mine).for("update"));
    if (before === null) throw refused("The sign-in that asked has ended. Sign in again.");
    await tx.update(s).set({ provedAt: at }).where(mine);
    const actor: UserActor = { kind: "user", userId, orgId, grants: [], email: account.email, sessionId };
    await recordAudit(tx, { ...ctx, actor }, orgId, {
      action: "auth.prove",
      resource: { kind: "session", id: sessionId, label: account.email },
      changes: changesOf("sessions", before, { ...before, provedAt: at }),
    });
  });
  return { proved: true };
}

const refused = (message: string): CreelError => new CreelError("sso_refused", message);
