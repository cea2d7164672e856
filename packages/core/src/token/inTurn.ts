/**
 * Threat: a member whose right is to read sends acts on keys side by side; each waits for its org's lock with one of the connections
 * that all orgs share, until nobody else's request gets one. Invariant: of acts on keys, one for each org has a connection in this
 * process; the others wait without, few for each sign-in and each key, and one more is refused.
 */
import { type Tx, withOrg } from "@creel/db";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";

/** Under way and waiting, of one person signed in or of one key: a page that asks twice, and not a flood. */
export const ACTS_AT_ONCE_MAX = 5;

const lastOf = new Map<string, Promise<void>>();
const asking = new Map<string, number>();

export async function withOrgInTurn<T>(ctx: Ctx<UserActor | ApiKeyActor>, work: (tx: Tx) => Promise<T>): Promise<T> {
  const { actor, db } = ctx;
  const { orgId } = actor;
  // A key counts apart from its person: whoever has stolen it keeps nobody from revoking it.
  const who = `${orgId} ${actor.kind === "user" ? actor.userId : actor.tokenId}`;
  const count = asking.get(who) ?? 0;
  if (count >= ACTS_AT_ONCE_MAX)
    throw new CreelError("rate_limited", "Too many of these at once. Wait for the others.");
  asking.set(who, count + 1);
  const act = (lastOf.get(orgId) ?? Promise.resolve()).then(() => withOrg(db, orgId, work));
  const over = act.then(
    () => {},
    () => {},
  );
  lastOf.set(orgId, over);
  try {
    return await act;
  } finally {
    const left = (asking.get(who) ?? 1) - 1;
    if (left === 0) asking.delete(who);
    else asking.set(who, left);
    if (lastOf.get(orgId) === over) lastOf.delete(orgId);
  }
}
