import { and, eq, isNull, type Tx, tables, withOrg } from "@creel/db";
import { lockPeople } from "../authz/people.ts";
import type { Ctx } from "../context.ts";
import { endKeys } from "../token/endKeys.ts";

/**
 * Threat: a command line that somebody signed in lives on after "sign out everywhere", a new password or a new second factor. Invariant:
 * with a person's sign-ins end the logins of their command lines, in every org, with every key that came of one and every key that those
 * made, as revoking does, and the logins that were confirmed and not yet fetched. Under the caller's `lockSignIns`, which fetching one
 * waits for, and the locks of the org, which making a key and rotating one wait for and are judged anew under.
 */
export async function endLogins(system: Tx, ctx: Ctx, { userId, now }: { userId: string; now: Date }): Promise<number> {
  const { apiTokens: k, deviceLogins: d } = tables;
  await system
    .update(d)
    .set({ expiresAt: now })
    .where(and(eq(d.byUserId, userId), isNull(d.takenAt)));
  const logins = and(eq(k.ownerUserId, userId), eq(k.isLogin, true), isNull(k.revokedAt));
  const orgIds = (await system.selectDistinct({ orgId: k.orgId }).from(k).where(logins)).map((row) => row.orgId);
  let ended = 0;
  for (const orgId of orgIds)
    await withOrg(ctx.db, orgId, async (tx) => {
      await lockPeople(tx, orgId);
      ended += await endKeys(tx, ctx, { orgId, roots: logins, made: "end", now });
    });
  return ended;
}
