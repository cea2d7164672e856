import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";

export type SecretRow = typeof tables.secrets.$inferSelect;

/** The secret, held against other changes of it until the transaction ends; not found when it is not there or was removed. */
export async function lockSecret(tx: Tx, where: { orgId: string; secretId: string }): Promise<SecretRow> {
  const t = tables.secrets;
  const mine = and(eq(t.orgId, where.orgId), eq(t.id, where.secretId), isNull(t.removedAt));
  const row = first(await tx.select().from(t).where(mine).for("update"));
  if (row === null) throw notFound();
  return row;
}

/** Empties versions: what is gone cannot be read by whoever gets the database and the key one day. */
export const EMPTY = { kmsKeyId: null, wrappedKey: null, sealedValue: null } as const;
