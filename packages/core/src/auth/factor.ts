import { and, type Db, eq, isNull, lt, or, sql, type Tx, tables, withSystem } from "@creel/db";
import { CreelError } from "../errors/errors.ts";
import type { Sealer } from "../secrets/sealer.ts";
import { first } from "../stored.ts";
import { recoveryHash } from "./recovery.ts";
import { stepOfCode } from "./totp.ts";

/** Bound to the person: moved to another row, it opens nothing. */
export const totpPlace = (userId: string): string => `creel/users/${userId}/totp`;

export type Proof = "totp" | "recovery";

export const hasSecondFactor = async (db: Db, userId: string): Promise<boolean> =>
  (await withSystem(db, (tx) => factorSince(tx, userId))) !== null;

/** When the person's authenticator was confirmed; null where they use no codes. */
export async function factorSince(tx: Tx, userId: string): Promise<Date | null> {
  const t = tables.userTotp;
  const [row] = await tx.select({ confirmedAt: t.confirmedAt }).from(t).where(eq(t.userId, userId));
  return row?.confirmedAt ?? null;
}

/**
 * Takes a code of the person's authenticator, or one of their recovery codes; null when it is neither. Threat: a code seen over a
 * shoulder or on the wire is used again. Invariant: each time step and each recovery code is taken once, by compare-and-set.
 */
export async function takeCode(
  { db, seal }: { db: Db; seal: Sealer },
  { userId, code, now }: { userId: string; code: string; now: Date },
): Promise<Proof | null> {
  return await withSystem(db, async (tx) => {
    if (await takeTotp(tx, seal, { userId, code, now })) return "totp";
    return (await takeRecovery(tx, { userId, code, now })) ? "recovery" : null;
  });
}

/** @throws CreelError where the person uses codes and gave none, or a wrong one. */
export async function expectSecondFactor(
  ctx: { db: Db; seal: Sealer },
  { userId, code, now }: { userId: string; code: string | undefined; now: Date },
): Promise<void> {
  if (!(await hasSecondFactor(ctx.db, userId))) return;
  if (code === undefined) throw codeAsked();
  if ((await takeCode(ctx, { userId, code, now })) === null) throw codeWrong();
}

export const codeAsked = (): CreelError =>
  new CreelError("second_factor_required", "Give a code of your authenticator, or a recovery code.");
export const codeWrong = (): CreelError => new CreelError("unauthenticated", "The code is wrong, or was used before.");

interface Given {
  userId: string;
  code: string;
  now: Date;
}

async function takeTotp(tx: Tx, seal: Sealer, { userId, code, now }: Given): Promise<boolean> {
  const t = tables.userTotp;
  const row = first(await tx.select().from(t).where(eq(t.userId, userId)));
  if (row === null || row.confirmedAt === null || row.sealedSecret === null) return false;
  const place = totpPlace(userId);
  const secret = await seal.open(row.sealedSecret, place);
  const step = stepOfCode(secret, code, { now, lastStep: row.lastStep });
  if (step === null) return false;
  // Sealed anew where the deployment's key was replaced: it is open here, and nobody else opens it.
  const sealedSecret = seal.isOutdated(row.sealedSecret) ? await seal.seal(secret, place) : row.sealedSecret;
  const taken = await tx
    .update(t)
    .set({ lastStep: step, sealedSecret })
    .where(and(eq(t.userId, userId), or(isNull(t.lastStep), lt(t.lastStep, step))))
    .returning({ userId: t.userId });
  return taken.length > 0;
}

async function takeRecovery(tx: Tx, { userId, code, now }: Given): Promise<boolean> {
  const codeHash = recoveryHash(code);
  if (codeHash === null) return false;
  const t = tables.userRecoveryCodes;
  const taken = await tx
    .update(t)
    .set({ usedAt: now })
    .where(and(eq(t.userId, userId), eq(t.codeHash, codeHash), isNull(t.usedAt)))
    .returning({ userId: t.userId });
  return taken.length > 0;
}

export async function recoveryCodesLeft(tx: Tx, userId: string): Promise<number> {
  const t = tables.userRecoveryCodes;
  const [row] = await tx
    .select({ left: sql<number>`count(*)::int` })
    .from(t)
    .where(and(eq(t.userId, userId), isNull(t.usedAt)));
  return row?.left ?? 0;
}
