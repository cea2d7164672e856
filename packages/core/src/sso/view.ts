import { eq, type Tx, tables } from "@creel/db";
import type { IdentityDomainView, IdentityProviderView, RoleMapping, SingleSignOnView } from "../ssoViews.ts";
import { first, iso, isoOrNull, stored } from "../stored.ts";
import { recordName, recordValue } from "./domain.ts";
import { type DomainRow, domainsOf, type ProviderRow, providerOf } from "./row.ts";
import { redirectUri, type SsoWorld } from "./world.ts";

export const mappingOf = (row: ProviderRow): RoleMapping[] => stored<RoleMapping[]>(row.roleMapping);

export async function viewOf(tx: Tx, world: SsoWorld, orgId: string): Promise<SingleSignOnView> {
  const row = await providerOf(tx, orgId);
  const domains = await domainsOf(tx, orgId);
  return {
    provider: row === null ? null : await toProviderView(tx, row),
    domains: domains.map(toDomainView),
    redirectUri: redirectUri(world, orgId),
  };
}

async function toProviderView(tx: Tx, row: ProviderRow): Promise<IdentityProviderView> {
  const u = tables.users;
  const { breakGlassUserId: userId } = row;
  const named = userId === null ? null : first(await tx.select({ email: u.email }).from(u).where(eq(u.id, userId)));
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    clientId: row.clientId,
    clockSkewSeconds: row.clockSkewSeconds,
    roleClaim: row.roleClaim,
    roleMapping: mappingOf(row),
    defaultRole: row.defaultRole,
    enforced: row.enforced,
    breakGlass: userId === null ? null : { userId, email: named?.email ?? "" },
    provenAt: isoOrNull(row.provenAt),
    lastSignInAt: isoOrNull(row.lastSignInAt),
    createdBy: row.createdBy,
    updatedAt: iso(row.updatedAt),
  };
}

export const toDomainView = (row: DomainRow): IdentityDomainView => ({
  id: row.id,
  domain: row.domain,
  verifiedAt: isoOrNull(row.verifiedAt),
  checkedAt: isoOrNull(row.checkedAt),
  record: { name: recordName(row.domain), value: recordValue(row.verificationToken) },
});
