/**
 * Threat: somebody approves their own change through a key, or through a service account they hold a key of.
 * Invariant: every person behind a writing actor is barred from this change for ever: the person, the owner of the key, and
 * whoever made the key or the one it was rotated from.
 */
import { sql, type Tx, tables } from "@creel/db";
import { type Actor, type Ctx, personOf } from "../context.ts";
import type { ChangeRow } from "./row.ts";

export async function barParties(
  tx: Tx,
  ctx: Ctx,
  row: Pick<ChangeRow, "orgId" | "id">,
  of: { part: "author" | "editor"; favoured: readonly string[] },
): Promise<void> {
  const { orgId, id } = row;
  const behind = await personsBehind(tx, orgId, ctx.actor);
  const parties = [
    ...behind.map((userId) => ({ userId, part: of.part as string })),
    ...of.favoured.map((userId) => ({ userId, part: "favoured" })),
  ].map((each) => ({ ...each, orgId, changeId: id, createdAt: ctx.clock() }));
  if (parties.length > 0) await tx.insert(tables.changeParties).values(parties).onConflictDoNothing();
}

/** Every person who has had the key in hand. */
export async function personsBehind(tx: Tx, orgId: string, actor: Actor | null): Promise<string[]> {
  const persons = new Set<string>();
  const own = personOf(actor);
  if (own !== null) persons.add(own);
  if (actor?.kind === "apiKey") for (const id of await makersOf(tx, { orgId, tokenId: actor.tokenId })) persons.add(id);
  return [...persons];
}

/**
 * By the keys' rows and by the audit trail, which nobody rewrites. However many keys stand between, all of them are walked: a
 * walk that gave up would let whoever rotates a key often enough out of it. `union` takes each key once, so a circle ends.
 */
export async function makersOf(tx: Tx, { orgId, tokenId }: { orgId: string; tokenId: string }): Promise<string[]> {
  const rows = await tx.execute<{ userId: string }>(sql`
    with recursive hands (id) as (
      select ${tokenId}::text
      union
      select former.id from hands cross join lateral (
        select rotated_from::text as id from api_tokens
          where org_id = ${orgId} and id = hands.id::uuid and rotated_from is not null
        union all
        select actor_id from audit_events
          where org_id = ${orgId} and resource_kind = 'token' and resource_id = hands.id
            and actor_kind = 'apiKey' and actor_id is not null and action like 'token.%'
      ) former
    )
    select owner_user_id::text as "userId" from hands join api_tokens k on k.org_id = ${orgId} and k.id = hands.id::uuid
      where owner_user_id is not null
    union
    select actor_id from hands join audit_events a on a.org_id = ${orgId} and a.resource_kind = 'token' and a.resource_id = hands.id
      where actor_kind = 'user' and actor_id is not null and action like 'token.%'`);
  return rows.map(({ userId }) => userId);
}
