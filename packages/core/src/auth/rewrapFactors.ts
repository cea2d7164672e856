import { and, type Db, eq, inArray, isNotNull, or, sql, tables, withSystem } from "@creel/db";
import { type Sealer, sealAnew } from "../secrets/sealer.ts";
import { totpPlace } from "./factor.ts";

/**
 * Seals authenticators under the deployment's newest key; answers how many were due. Those of the org's people, and of whoever is in
 * no org at the time: nobody else would take them along, and an invitation brings them back. Threat: the former key goes, and whoever
 * uses codes, the break-glass owner among them, is locked out.
 */
export async function rewrapFactors({ db, seal }: { db: Db; seal: Sealer }, orgId: string): Promise<number> {
  const { userTotp: t, memberships: m } = tables;
  return await withSystem(db, async (tx) => {
    const here = inArray(t.userId, tx.select({ userId: m.userId }).from(m).where(eq(m.orgId, orgId)));
    const nowhere = sql`${t.userId} not in (select ${m.userId} from ${m})`;
    const sealed = or(isNotNull(t.sealedSecret), isNotNull(t.pendingSecret));
    const rows = await tx
      .select()
      .from(t)
      .where(and(sealed, or(here, nowhere)))
      .orderBy(t.userId)
      .for("update");
    let due = 0;
    for (const { userId, sealedSecret: before, pendingSecret } of rows) {
      // What was offered and not confirmed lives for minutes: the person begins again.
      if (pendingSecret !== null && seal.isOutdated(pendingSecret))
        await tx.update(t).set({ pendingSecret: null, pendingAt: null }).where(eq(t.userId, userId));
      const sealedSecret = before === null ? null : await sealAnew(seal, before, totpPlace(userId));
      if (sealedSecret === null) continue;
      due += 1;
      await tx.update(t).set({ sealedSecret }).where(eq(t.userId, userId));
    }
    return due;
  });
}
