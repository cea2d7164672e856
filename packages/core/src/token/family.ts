import { and, eq, isNull, type SQL, sql, type Tx, tables } from "@creel/db";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";

/**
 * Threat: whoever has a leaked key works on with what it was rotated to and what it made; and whoever makes and rotates keys by the
 * thousand stands still the process that serves every org by having them walked. Invariant: a key's row says whose kin it is and of
 * which kins it came by making, from the moment it is there and for good; so what ends with a key is found among the keys that work.
 *
 * Kin are all keys that were made in each other's place. Upwards only by rotation: who made a key goes on when the key ends.
 */
export type Birth = Pick<typeof tables.apiTokens.$inferSelect, "kinId" | "makerKinIds">;

/** How far keys may make keys that make keys: no honest chain is longer, and each row names all that came before. */
export const MAKERS_MAX = 16;

/** Keys that are made in each other's place are looked at one transaction after the other, so that none is made unseen. */
export async function lockKeys(tx: Tx, orgId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`keys:${orgId}`}, 0))`);
}

/** Of a key that this actor makes, or makes anew in the place of `from`; under the lock of people, or a maker's end would miss it. */
export async function birthOf(
  tx: Tx,
  actor: UserActor | ApiKeyActor,
  { id, from }: { id: string; from?: Birth },
): Promise<Birth> {
  const kinId = from?.kinId ?? id;
  const makers = new Set(from?.makerKinIds ?? []);
  if (actor.kind === "apiKey") {
    const t = tables.apiTokens;
    const columns = { kinId: t.kinId, makerKinIds: t.makerKinIds };
    const mine = and(eq(t.orgId, actor.orgId), eq(t.id, actor.tokenId));
    const maker = first(await tx.select(columns).from(t).where(mine));
    if (maker === null) throw new Error("a key that acts has a row");
    for (const one of [maker.kinId, ...maker.makerKinIds]) makers.add(one);
    makers.delete(kinId);
  }
  if (makers.size > MAKERS_MAX)
    throw new CreelError(
      "conflict",
      "Keys made keys that made keys, too often in a row for this one. Let a person make it.",
    );
  return { kinId, makerKinIds: [...makers] };
}

/** Those that work at this moment, by an index of those that were not revoked. */
export function workAt(orgId: string, now: Date): SQL {
  const t = tables.apiTokens;
  const later = sql`(${t.expiresAt} is null or ${t.expiresAt} > ${now.toISOString()}::timestamptz)`;
  return sql`(${and(eq(t.orgId, orgId), isNull(t.revokedAt))} and ${later})`;
}

export type WorkingKey = Birth & Pick<typeof tables.apiTokens.$inferSelect, "id" | "ownerUserId">;

export async function workingKeys(tx: Tx, orgId: string, now: Date): Promise<WorkingKey[]> {
  const { id, kinId, makerKinIds, ownerUserId } = tables.apiTokens;
  return await tx.select({ id, kinId, makerKinIds, ownerUserId }).from(tables.apiTokens).where(workAt(orgId, now));
}
