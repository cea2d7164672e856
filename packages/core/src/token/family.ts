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

/**
 * Families of one lineage, of one key or of several together. Threat: whoever may do nothing else makes and rotates keys by the thousand,
 * and a list of them stands still the process that serves every org. Invariant: what is built of the whole lineage is built once, each
 * family costs no more than itself, and keys that came of each other by rotation share one.
 *
 * Upwards only by rotation: who made a key goes on when the key ends.
 */
export function familiesOf({ rotated, made }: Lineage): (...tokenIds: string[]) => Family {
  const both = nextOf([...rotated, ...rotated.map(({ from, to }) => ({ from: to, to: from }))]);
  const onward = nextOf([...rotated, ...made]);
  const known = new Map<string, Family>();
  return (...tokenIds) => {
    const [only] = tokenIds;
    const former = tokenIds.length === 1 && only !== undefined ? known.get(only) : undefined;
    if (former !== undefined) return former;
    const kin = reached(tokenIds, both);
    const all = reached(kin, onward);
    const family = { kin, made: new Set([...all].filter((id) => !kin.has(id))) };
    if (tokenIds.length === 1) for (const id of kin) known.set(id, family);
    return family;
  };
}

function nextOf(edges: readonly Edge[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const there = next.get(from);
    if (there === undefined) next.set(from, [to]);
    else there.push(to);
  }
  return next;
}

/** A circle, which nothing makes, would end all the same: each key is taken once. */
function reached(from: Iterable<string>, next: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const seen = new Set(from);
  for (const id of seen) for (const to of next.get(id) ?? []) seen.add(to);
  return seen;
}
