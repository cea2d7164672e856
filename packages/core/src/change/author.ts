import { and, eq, type Tx, tables } from "@creel/db";
import type { Grant } from "../authz/grant.ts";
import { grantsOf, grantsOfServiceAccount } from "../authz/grantsOf.ts";
import { first } from "../stored.ts";

/**
 * What the author of a change holds at this moment: a change gives nothing that its author could no longer give. Of an author that
 * nobody can name any more: nothing.
 */
export async function grantsOfAuthor(
  tx: Tx,
  of: { orgId: string; changeId: string; authorUserId: string | null; now: Date },
): Promise<Grant[]> {
  const { orgId, now } = of;
  if (of.authorUserId !== null) return await grantsOf(tx, { orgId, userId: of.authorUserId, now });
  const serviceAccountId = await accountThatProposed(tx, of);
  return serviceAccountId === null ? [] : await grantsOfServiceAccount(tx, { orgId, serviceAccountId, now });
}

/** Of each who wrote any of it, the author first: whoever edited it gives what it says as the author does. */
export async function grantsOfWriters(tx: Tx, of: Parameters<typeof grantsOfAuthor>[1]): Promise<Grant[][]> {
  const { orgId, changeId, now } = of;
  const p = tables.changeParties;
  const editors = await tx
    .select({ userId: p.userId })
    .from(p)
    .where(and(eq(p.orgId, orgId), eq(p.changeId, changeId), eq(p.part, "editor")));
  const written = [await grantsOfAuthor(tx, of)];
  for (const { userId } of editors) written.push(await grantsOf(tx, { orgId, userId, now }));
  return written;
}

/** The row names persons alone; which key it was is in the audit trail, which nobody rewrites. */
async function accountThatProposed(tx: Tx, of: { orgId: string; changeId: string }): Promise<string | null> {
  const { auditEvents: a, apiTokens: k } = tables;
  const proposed = first(
    await tx
      .select({ tokenId: a.actorId })
      .from(a)
      .where(
        and(
          eq(a.orgId, of.orgId),
          eq(a.resourceKind, "change"),
          eq(a.resourceId, of.changeId),
          eq(a.action, "change.propose"),
          eq(a.actorKind, "apiKey"),
        ),
      ),
  );
  if (proposed?.tokenId == null) return null;
  const key = first(
    await tx
      .select({ serviceAccountId: k.ownerServiceAccountId })
      .from(k)
      .where(and(eq(k.orgId, of.orgId), eq(k.id, proposed.tokenId))),
  );
  return key?.serviceAccountId ?? null;
}
