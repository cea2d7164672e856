import { and, eq, isNotNull, isNull, type Tx, tables } from "@creel/db";
import { notFound } from "../errors/errors.ts";
import { type Sealer, sealAnew } from "../secrets/sealer.ts";
import { first } from "../stored.ts";

const { identityProviders: p, identityDomains: d } = tables;
export type ProviderRow = typeof p.$inferSelect;
export type DomainRow = typeof d.$inferSelect;

/** Bound to its org and provider: moved to another row, it opens nothing. */
const place = ({ orgId, id }: { orgId: string; id: string }): string => `creel/${orgId}/identity-provider/${id}`;
export const sealClientSecret = async (seal: Sealer, at: { orgId: string; id: string }, secret: string) =>
  await seal.seal(Buffer.from(secret, "utf8"), place(at));
export const openClientSecret = async (seal: Sealer, row: ProviderRow): Promise<string> =>
  Buffer.from(await seal.open(row.sealedClientSecret, place(row))).toString("utf8");

/** The org's one provider. `lock` holds it until the transaction's end, and waits for sign-ins that are being judged by it. */
export async function providerOf(tx: Tx, orgId: string, lock?: "update" | "share"): Promise<ProviderRow | null> {
  const query = tx
    .select()
    .from(p)
    .where(and(eq(p.orgId, orgId), isNull(p.removedAt)));
  return first(await (lock === undefined ? query : query.for(lock)));
}

/** Seals the provider's secret under the deployment's newest key; answers how many were due. */
export async function rewrapClientSecret(tx: Tx, seal: Sealer, orgId: string): Promise<number> {
  const row = await providerOf(tx, orgId, "update");
  const sealedClientSecret = row === null ? null : await sealAnew(seal, row.sealedClientSecret, place(row));
  if (row === null || sealedClientSecret === null) return 0;
  await tx
    .update(p)
    .set({ sealedClientSecret })
    .where(and(eq(p.orgId, orgId), eq(p.id, row.id)));
  return 1;
}

export async function existingProvider(tx: Tx, orgId: string): Promise<ProviderRow> {
  const row = await providerOf(tx, orgId, "update");
  if (row === null) throw notFound();
  return row;
}

export async function domainsOf(tx: Tx, orgId: string): Promise<DomainRow[]> {
  const rows = await tx
    .select()
    .from(d)
    .where(and(eq(d.orgId, orgId), isNull(d.removedAt)));
  return rows.sort((a, b) => a.domain.localeCompare(b.domain));
}

export async function isVerified(tx: Tx, { orgId, domain }: { orgId: string; domain: string }): Promise<boolean> {
  const rows = await tx
    .select({ id: d.id })
    .from(d)
    .where(and(eq(d.orgId, orgId), eq(d.domain, domain), isNotNull(d.verifiedAt), isNull(d.removedAt)));
  return rows.length > 0;
}

export async function existingDomain(
  tx: Tx,
  { orgId, domainId }: { orgId: string; domainId: string },
): Promise<DomainRow> {
  const mine = and(eq(d.orgId, orgId), eq(d.id, domainId), isNull(d.removedAt));
  const row = first(await tx.select().from(d).where(mine).for("update"));
  if (row === null) throw notFound();
  return row;
}
