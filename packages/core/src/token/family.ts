import { sql, type Tx } from "@creel/db";

/** Keys that are made in each other's place are looked at one transaction after the other, so that none is made unseen. */
export async function lockKeys(tx: Tx, orgId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`keys:${orgId}`}, 0))`);
}

interface Edge {
  from: string;
  to: string;
}

/** How the keys of an org came of each other. */
export interface Lineage {
  /** A key and the one that was made in its place. */
  rotated: readonly Edge[];
  /** A key and one that it made, or made anew for another owner, by the audit trail, which nobody rewrites. */
  made: readonly Edge[];
}

export async function lineageOf(tx: Tx, orgId: string): Promise<Lineage> {
  const rotated = await tx.execute<{ from: string; to: string }>(sql`
    select rotated_from::text as "from", id::text as "to" from api_tokens
      where org_id = ${orgId} and rotated_from is not null`);
  const made = await tx.execute<{ from: string; to: string }>(sql`
    select actor_id as "from", resource_id as "to" from audit_events
      where org_id = ${orgId} and resource_kind = 'token' and actor_kind = 'apiKey'
        and action in ('token.create', 'token.rotate') and actor_id is not null and resource_id is not null`);
  return { rotated: [...rotated], made: [...made] };
}

export interface Family {
  /** The key itself, those in whose place it was made and those made in its place, however far. */
  kin: ReadonlySet<string>;
  /** What those made, and what that made or was rotated to, however far. */
  made: ReadonlySet<string>;
}

/** Upwards only by rotation: who made a key goes on when the key ends. */
export function familyOf({ rotated, made }: Lineage, tokenId: string): Family {
  const both = [...rotated, ...rotated.map(({ from, to }) => ({ from: to, to: from }))];
  const kin = reached([tokenId], both);
  const all = reached(kin, [...rotated, ...made]);
  return { kin, made: new Set([...all].filter((id) => !kin.has(id))) };
}

/** A circle, which nothing makes, would end all the same: each key is taken once. */
function reached(from: Iterable<string>, edges: readonly Edge[]): ReadonlySet<string> {
  const next = new Map<string, string[]>();
  for (const edge of edges) next.set(edge.from, [...(next.get(edge.from) ?? []), edge.to]);
  const seen = new Set(from);
  for (const id of seen) for (const to of next.get(id) ?? []) seen.add(to);
  return seen;
}
