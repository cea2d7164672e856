/**
 * Threat: one member, or one key, fills the room for waiting changes, and in an emergency nothing can be proposed that could be applied.
 * Invariant: a person has a share, whatever keys they use; and the last places are kept for those who may break the glass.
 */
import { and, eq, inArray, type SQL, sql, type Tx, tables } from "@creel/db";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { mayOver } from "./authority.ts";
import { WAITING_KEPT, WAITING_MAX, WAITING_OF_PERSON_MAX } from "./limits.ts";
import { type ChangeRow, touchesOf } from "./row.ts";

const { changes: c, changeParties: p } = tables;

/** Asked after the write, of a change that waits now. Throws `conflict`. */
export async function expectRoom(tx: Tx, actor: UserActor | ApiKeyActor, row: ChangeRow): Promise<void> {
  const { orgId } = row;
  const authors = await tx
    .select({ userId: p.userId })
    .from(p)
    .where(and(eq(p.orgId, orgId), eq(p.changeId, row.id), eq(p.part, "author")));
  for (const { userId } of authors) {
    const theirs = sql`exists (select 1 from ${p} where ${p.orgId} = ${c.orgId} and ${p.changeId} = ${c.id}
      and ${p.userId} = ${userId} and ${p.part} = 'author')`;
    if ((await waiting(tx, orgId, theirs)) > WAITING_OF_PERSON_MAX) throw full(OF_PERSON);
  }
  // Behind whom nobody is known, as behind a key that nobody of this org made, shares with all of the same name.
  if (authors.length === 0 && (await waiting(tx, orgId, eq(c.author, row.author))) > WAITING_OF_PERSON_MAX)
    throw full(OF_PERSON);
  const emergency = mayOver(actor.grants, { action: "break_glass", on: "change", touches: touchesOf(row) });
  const roomMax = WAITING_MAX - (emergency ? 0 : WAITING_KEPT);
  if ((await waiting(tx, orgId)) > roomMax)
    throw full(`${roomMax} changes are waiting, and there is no room for more. Decide or withdraw some of them.`);
}

const OF_PERSON = `More than ${WAITING_OF_PERSON_MAX} changes of yours are waiting. Withdraw some of them.`;
const full = (message: string): CreelError => new CreelError("conflict", message);

async function waiting(tx: Tx, orgId: string, of?: SQL): Promise<number> {
  const found = first(
    await tx
      .select({ waiting: sql<number>`count(*)::int` })
      .from(c)
      .where(and(eq(c.orgId, orgId), inArray(c.state, ["open", "approved"]), of)),
  );
  return found?.waiting ?? 0;
}
