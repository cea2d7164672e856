import { and, eq, isNull, type Tx, tables } from "@creel/db";
import type { UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { factorSince } from "./factor.ts";

/**
 * Threat: a sign-in that was judged a moment ago comes into being after "sign out everywhere", a new password or a new second factor
 * ended all that there were, and outlives them. Invariant: what begins a sign-in by a person's own factors, or out of another one,
 * and what ends all of them take this lock first, and what begins one judges again under it. It is a lock of the system role, held
 * while the org's own transaction inserts the row: always in this order, because nothing of an org waits for the system's.
 */
export async function lockSignIns(tx: Tx, userId: string) {
  const u = tables.users;
  const [row] = await tx
    .select({ passwordHash: u.passwordHash, disabledAt: u.disabledAt })
    .from(u)
    .where(eq(u.id, userId))
    .for("no key update");
  return row ?? null;
}

/** What a password and a code were judged by. */
export interface Judged {
  passwordHash: string | null;
  /** Null where the person used no codes. */
  factorSince: Date | null;
}

export async function expectStillJudged(tx: Tx, userId: string, judged: Judged): Promise<void> {
  const user = await lockSignIns(tx, userId);
  const since = await factorSince(tx, userId);
  const same = user?.passwordHash === judged.passwordHash && since?.getTime() === judged.factorSince?.getTime();
  if (!same || user?.disabledAt != null)
    throw new CreelError("unauthenticated", "Your password or your codes were changed a moment ago. Sign in again.");
}

/** The sign-in that another one is made from, if it still is one. */
export async function expectStillOpen(tx: Tx, actor: UserActor, now: Date) {
  const s = tables.sessions;
  const { userId, orgId, sessionId } = actor;
  const over = new CreelError("unauthenticated", "This sign-in has ended. Sign in again.");
  if (sessionId === undefined) throw over;
  await lockSignIns(tx, userId);
  const from = first(
    await tx
      .select()
      .from(s)
      .where(and(eq(s.orgId, orgId), eq(s.id, sessionId), eq(s.userId, userId), isNull(s.revokedAt))),
  );
  if (from === null || from.expiresAt <= now) throw over;
  return from;
}
