import { and, type Db, eq, isNotNull, isNull, type Tx, tables, withSystem } from "@creel/db";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { domainOf } from "./domain.ts";
import { isOwner } from "./enforce.ts";
import { isVerified, providerOf } from "./row.ts";

/**
 * Threat: single sign-on is enforced, and an old password, an invitation or a sign-in of another org still opens the org. Invariant:
 * whatever begins a session without the provider asks `expectPasswordOpens` in the session's own transaction, under a lock that the
 * verb which enforces it waits for.
 */
export interface ClosedOrg {
  orgId: string;
  breakGlassUserId: string | null;
}

/** The org that lets people with such an address in through its provider alone. It depends on the domain, so it tells nothing of accounts. */
export async function closedOrgOf(db: Db, email: string): Promise<ClosedOrg | null> {
  const domain = domainOf(email);
  if (domain === null) return null;
  const { identityDomains: d, identityProviders: p } = tables;
  return await withSystem(db, async (tx) =>
    first(
      await tx
        .select({ orgId: p.orgId, breakGlassUserId: p.breakGlassUserId })
        .from(d)
        .innerJoin(p, and(eq(p.orgId, d.orgId), isNull(p.removedAt), eq(p.enforced, true)))
        .where(and(eq(d.domain, domain), isNotNull(d.verifiedAt), isNull(d.removedAt))),
    ),
  );
}

export const ssoRequired = (): CreelError =>
  new CreelError("sso_required", "Your organization has its people sign in through its identity provider.");

/**
 * Answers whether somebody comes in past the provider as the one who may: they proved a second factor and are an owner still.
 * @throws CreelError `sso_required` for all others whom the provider speaks for.
 */
export async function expectPasswordOpens(
  tx: Tx,
  who: { orgId: string; userId: string; email: string; secondFactor: boolean; now: Date },
): Promise<{ breakGlass: boolean }> {
  const { orgId, userId, now } = who;
  const provider = await providerOf(tx, orgId, "share");
  const domain = domainOf(who.email);
  if (provider?.enforced !== true || domain === null || !(await isVerified(tx, { orgId, domain })))
    return { breakGlass: false };
  const named = provider.breakGlassUserId === userId && who.secondFactor;
  if (!named || !(await isOwner(tx, { orgId, userId, now }))) throw ssoRequired();
  return { breakGlass: true };
}
