import { and, eq, gt, isNull, type Tx, tables } from "@creel/db";
import { countTry } from "../auth/tries.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { userCodeHash } from "./codes.ts";

export type DeviceLogin = typeof tables.deviceLogins.$inferSelect;

/** One text for a code that never was, that is over, and that somebody answered already: a guess learns nothing. */
const unknownCode = (): CreelError =>
  new CreelError("not_found", "No program waits with this code. Codes end after ten minutes: begin again there.");

/**
 * Threat: codes are guessed, and with a stranger's code their program is signed in as the guesser. Invariant: a try counts before it
 * is looked up, right ones too, in the database that all servers share.
 */
export const countCodeTry = async (ctx: Ctx<UserActor>): Promise<void> =>
  await countTry(ctx.db, { device: ctx.actor.userId }, ctx.clock());

/** The login that waits with this code, locked. @throws CreelError `not_found` where nobody's does. */
export async function waitingLogin(tx: Tx, { userCode, now }: { userCode: string; now: Date }): Promise<DeviceLogin> {
  const t = tables.deviceLogins;
  const hash = userCodeHash(userCode);
  if (hash === null) throw unknownCode();
  const row = first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.userCodeHash, hash), gt(t.expiresAt, now), isNull(t.verdict)))
      .for("update"),
  );
  if (row === null) throw unknownCode();
  return row;
}
