import { createHash } from "node:crypto";
import { type Db, eq, sql, type Tx, tables, withSystem } from "@creel/db";
import { CreelError } from "../errors/errors.ts";
import { hostOf } from "./address.ts";
import { ADDRESS_TRIES_MAX, DEVICE_TRIES_MAX, FAILURE_WINDOW_MS, FAILURES_MAX } from "./limits.ts";

/** Of windows that are over, each first try of a window clears a few, so that the table stays as large as what goes on. */
const CLEARED_AT_ONCE_MAX = 50;

/**
 * Threat: passwords and codes are guessed, at one account from many addresses or at many accounts from one, in parallel and at
 * several servers. Invariant: a try counts before it is judged, in the database that all servers share; beyond the bound a right
 * password is refused as a wrong one is, until the window ends.
 */
type Subject = { account: string } | { address: string } | { device: string } | { proof: string };

/**
 * `device`: codes of command lines that one person types. `proof`: passwords and codes of a person who is signed in; counted apart from
 * the door, or whoever knows an address could keep its person from voting, breaking the glass and rotating what leaked.
 */
const boundOf = (subject: Subject): { key: string; max: number } => {
  if ("account" in subject) return { key: tryKey("account", subject.account), max: FAILURES_MAX };
  if ("address" in subject) return { key: tryKey("address", hostOf(subject.address)), max: ADDRESS_TRIES_MAX };
  if ("proof" in subject) return { key: tryKey("proof", subject.proof), max: FAILURES_MAX };
  return { key: tryKey("device", subject.device), max: DEVICE_TRIES_MAX };
};
export const tryKey = (kind: string, text: string): string =>
  createHash("sha256").update(`creel tries/${kind}/${text}`).digest("hex");

/** Counts once more, from one where the window of the last count is over. */
export async function countOnce(tx: Tx, of: { key: string; windowMs: number; now: Date }): Promise<number | null> {
  const t = tables.authTries;
  const { key, now } = of;
  const over = sql`${t.windowEndsAt} <= ${now.toISOString()}::timestamptz`;
  const [row] = await tx
    .insert(t)
    .values({ key, count: 1, windowEndsAt: new Date(now.getTime() + of.windowMs) })
    .onConflictDoUpdate({
      target: t.key,
      set: {
        count: sql`case when ${over} then 1 else ${t.count} + 1 end`,
        windowEndsAt: sql`case when ${over} then excluded.window_ends_at else ${t.windowEndsAt} end`,
      },
    })
    .returning({ count: t.count });
  return row?.count ?? null;
}

/** @throws CreelError `rate_limited` when this was one too many. */
export async function countTry(db: Db, subject: Subject, now: Date): Promise<void> {
  const t = tables.authTries;
  const { key, max } = boundOf(subject);
  const count = await withSystem(db, async (tx) => {
    const counted = await countOnce(tx, { key, windowMs: FAILURE_WINDOW_MS, now });
    if (counted === 1)
      await tx.execute(
        sql`delete from ${t} where key in (select key from ${t} where window_ends_at < ${now.toISOString()}::timestamptz
          limit ${CLEARED_AT_ONCE_MAX} for update skip locked)`,
      );
    return counted;
  });
  if ((count ?? max + 1) > max) throw new CreelError("rate_limited", "Too many tries. Wait a quarter of an hour.");
}

/** Whoever proved to be the account's person begins anew; an address does not. */
export async function forgetTries(db: Db, subject: { account: string } | { proof: string }): Promise<void> {
  const t = tables.authTries;
  await withSystem(db, (tx) => tx.delete(t).where(eq(t.key, boundOf(subject).key)));
}
