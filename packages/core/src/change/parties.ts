/**
 * Threat: somebody approves their own change through a key, or through a service account they hold a key of.
 * Invariant: every person behind a writing actor is barred from this change for ever: the person, the owner of the key, and
 * whoever made the key or the one it was rotated from.
 */
import { and, eq, inArray, sql, type Tx, tables } from "@creel/db";
import { type Actor, type Ctx, personOf } from "../context.ts";
import { first } from "../stored.ts";
import type { ChangeRow } from "./row.ts";

/** Keys that were made by keys: nobody passes more hands than this, and a circle ends. */
const HANDS_MAX = 16;

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
  if (actor?.kind === "apiKey") {
    const seen = new Set<string>();
    const ahead = [actor.tokenId];
    while (ahead.length > 0 && seen.size < HANDS_MAX) {
      const tokenId = ahead.pop();
      if (tokenId === undefined || seen.has(tokenId)) continue;
      seen.add(tokenId);
      for (const maker of await makersOf(tx, { orgId, tokenId }))
        if (maker.kind === "user") persons.add(maker.id);
        else ahead.push(maker.id);
    }
  }
  return [...persons];
}

/** By the key's row and by the audit trail, which nobody rewrites. */
async function makersOf(
  tx: Tx,
  { orgId, tokenId }: { orgId: string; tokenId: string },
): Promise<{ kind: "user" | "apiKey"; id: string }[]> {
  const { apiTokens: t, auditEvents: a } = tables;
  const row = first(
    await tx
      .select({ owner: t.ownerUserId, rotatedFrom: t.rotatedFrom })
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, tokenId))),
  );
  const rows = await tx
    .selectDistinct({ kind: a.actorKind, id: a.actorId })
    .from(a)
    .where(
      and(
        eq(a.orgId, orgId),
        eq(a.resourceKind, "token"),
        eq(a.resourceId, tokenId),
        inArray(a.actorKind, ["user", "apiKey"]),
        sql`${a.action} like 'token.%'`,
      ),
    );
  return [
    ...(row === null || row.owner === null ? [] : [{ kind: "user" as const, id: row.owner }]),
    ...(row === null || row.rotatedFrom === null ? [] : [{ kind: "apiKey" as const, id: row.rotatedFrom }]),
    ...rows.flatMap(({ kind, id }) =>
      id === null ? [] : [{ kind: kind === "user" ? ("user" as const) : ("apiKey" as const), id }],
    ),
  ];
}
