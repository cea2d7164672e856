import { and, eq, gt, isNull, type Tx, tables } from "@creel/db";
import { countTry } from "../auth/tries.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { userCodeHash } from "./codes.ts";

export type DeviceLogin = typeof tables.deviceLogins.$inferSelect;

/** One text for a code that never was, that is over, and that somebody answered already: a guess learns nothing. */
export const unknownCode = (): CreelError =>
  new CreelError("not_found", "No program waits with this code. Codes end after ten minutes: begin again there.");

/**
 * Threat: codes are guessed, and with a stranger's code their program is signed in as the guesser. Invariant: a try counts before it
 * is looked up, right ones too, in the database that all servers share.
 */
export const countCodeTry = async (ctx: Ctx<UserActor>): Promise<void> =>
  await countTry(ctx.db, { device: ctx.actor.userId }, ctx.clock());

/** The login that waits with this code, locked; null where nobody's does. */
export async function findWaiting(tx: Tx, of: { userCode: string; now: Date }): Promise<DeviceLogin | null> {
  const { now } = of;
  const t = tables.deviceLogins;
  const hash = userCodeHash(of.userCode);
  if (hash === null) return null;
  return first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.userCodeHash, hash), gt(t.expiresAt, now), isNull(t.verdict)))
      .for("update"),
  );
}

/** @throws CreelError `not_found` where nobody's login waits with this code. */
export async function waitingLogin(tx: Tx, of: { userCode: string; now: Date }): Promise<DeviceLogin> {
  const row = await findWaiting(tx, of);
  if (row === null) throw unknownCode();
  return row;
}
