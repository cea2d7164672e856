import { sql, type Tx } from "@creel/db";

/** Keys that are made in each other's place are looked at one transaction after the other, so that none is made unseen. */
export async function lockKeys(tx: Tx, orgId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`keys:${orgId}`}, 0))`);
}

/** The ids of a key, of those in whose place it was made and of those made in its place, however far. Needs `lockKeys`. */
export async function familyOf(tx: Tx, of: { orgId: string; tokenId: string }): Promise<string[]> {
  const rows = await tx.execute<{ id: string }>(sql`
    with recursive family (id, rotated_from) as (
      select id, rotated_from from api_tokens where org_id = ${of.orgId} and id = ${of.tokenId}
      union
      select k.id, k.rotated_from from family
        join api_tokens k on k.org_id = ${of.orgId} and (k.rotated_from = family.id or k.id = family.rotated_from)
    )
    select id from family`);
  return rows.map(({ id }) => id);
}
