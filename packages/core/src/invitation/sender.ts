/**
 * Threat: an invitation outlives what its sender may give, or its sender. Invariant: what it gives is judged at the moment of
 * accepting by what its sender holds then; whoever is removed or disabled leaves no open invitation behind.
 */
import { and, eq, gt, inArray, isNull, type SQL, sql, type Tx, tables } from "@creel/db";
import type { Grant, Scope } from "../authz/grant.ts";
import { grantsOf, grantsOfServiceAccount } from "../authz/grantsOf.ts";
import { first, storedOrNull } from "../stored.ts";

const { invitations: i, auditEvents: a, apiTokens: k } = tables;

type Invitation = Pick<typeof i.$inferSelect, "id" | "orgId" | "invitedByUserId">;

/** What its sender holds now. Of a sender that nobody can name any more: nothing. */
export async function grantsOfSender(tx: Tx, of: Invitation, now: Date): Promise<Grant[]> {
  const { orgId, invitedByUserId: userId } = of;
  if (userId !== null) return await grantsOf(tx, { orgId, userId, now });
  const sent = first(
    await tx
      .select({ serviceAccountId: k.ownerServiceAccountId })
      .from(a)
      .innerJoin(k, keyThatSent(orgId))
      .where(eq(a.resourceId, of.id)),
  );
  const serviceAccountId = sent?.serviceAccountId ?? null;
  return serviceAccountId === null ? [] : await grantsOfServiceAccount(tx, { orgId, serviceAccountId, now });
}

/** The row names the person alone; which key it was is in the audit trail, which nobody rewrites. */
const keyThatSent = (orgId: string): SQL | undefined =>
  and(
    eq(a.orgId, orgId),
    eq(a.resourceKind, "invitation"),
    eq(a.action, "invitation.create"),
    eq(a.actorKind, "apiKey"),
    eq(k.orgId, orgId),
    sql`${k.id}::text = ${a.actorId}`,
  );

export type Sender = { kind: "user"; id: string } | { kind: "service_account"; id: string };

/** Ends the open invitations somebody sent; answers their ids. */
export async function revokeSentBy(tx: Tx, of: { orgId: string; sender: Sender; now: Date }): Promise<string[]> {
  const { orgId, sender, now } = of;
  const byAccount = tx
    .select({ id: sql<string>`${a.resourceId}::uuid` })
    .from(a)
    .innerJoin(k, keyThatSent(orgId))
    .where(eq(k.ownerServiceAccountId, sender.id));
  const theirs = sender.kind === "user" ? eq(i.invitedByUserId, sender.id) : inArray(i.id, byAccount);
  const rows = await tx
    .update(i)
    .set({ revokedAt: now })
    .where(and(isOpen(orgId, now), theirs))
    .returning({ id: i.id });
  return rows.map(({ id }) => id);
}

const isOpen = (orgId: string, now: Date): SQL | undefined =>
  and(eq(i.orgId, orgId), isNull(i.usedAt), isNull(i.revokedAt), gt(i.expiresAt, now));

/** The scopes over which open invitations will give a role of the org's own. */
export async function scopesOffered(
  tx: Tx,
  of: { orgId: string; roleId: string; now: Date },
): Promise<(Scope | null)[]> {
  const rows = await tx
    .select({ scope: i.scope })
    .from(i)
    .where(and(isOpen(of.orgId, of.now), eq(i.customRoleId, of.roleId)));
  return rows.map(({ scope }) => storedOrNull<Scope>(scope));
}
