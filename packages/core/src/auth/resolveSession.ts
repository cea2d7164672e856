import { and, asCaller, eq, inArray, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { grantsOf } from "../authz/grantsOf.ts";
import { callerOfUser } from "../caller.ts";
import type { UserActor } from "../context.ts";
import { hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { SESSION_MS_MAX, TOUCH_INTERVAL_MS } from "./limits.ts";

export const resolveSessionInput = z.strictObject({ token: z.string().max(256) });

/**
 * Asked on every request, so a session ended elsewhere ends here at once; the grants are those of this moment. Threat: whoever floods
 * with a sign-in of theirs, or holds its row, keeps others from being known. Invariant: here the caller is the credential, then the
 * person that it stands for; and nothing here waits for a row.
 */
export const resolveSession = defineVerb({
  name: "auth.resolveSession",
  kind: "query",
  gate: { by: "open" },
  input: resolveSessionInput,
  run: async (ctx, input): Promise<UserActor | null> => {
    const { sessions, users, memberships } = tables;
    const now = ctx.clock();
    const found = await withSystem(ctx.db, async (tx) => {
      const row = first(
        await tx
          .select({
            sessionId: sessions.id,
            orgId: sessions.orgId,
            userId: sessions.userId,
            lastUsedAt: sessions.lastUsedAt,
            createdAt: sessions.createdAt,
            expiresAt: sessions.expiresAt,
            revokedAt: sessions.revokedAt,
            provedAt: sessions.provedAt,
            identityProviderId: sessions.identityProviderId,
            email: users.email,
            disabledAt: users.disabledAt,
          })
          .from(sessions)
          .innerJoin(users, eq(users.id, sessions.userId))
          .innerJoin(memberships, and(eq(memberships.orgId, sessions.orgId), eq(memberships.userId, sessions.userId)))
          .where(eq(sessions.tokenHash, hashToken(input.token))),
      );
      if (row === null || row.revokedAt !== null || row.disabledAt !== null) return null;
      if (row.expiresAt <= now || row.createdAt.getTime() + SESSION_MS_MAX <= now.getTime()) return null;
      if (now.getTime() - row.lastUsedAt.getTime() > TOUCH_INTERVAL_MS)
        await touchSession(tx, { orgId: row.orgId, id: row.sessionId, now });
      const { userId, orgId, email, sessionId, provedAt, identityProviderId } = row;
      return { userId, orgId, email, sessionId, provedAt, identityProviderId };
    });
    if (found === null) return null;
    const { orgId, userId } = found;
    const grants = await asCaller(callerOfUser(found), () =>
      withOrg(ctx.db, orgId, (tx) => grantsOf(tx, { orgId, userId, now })),
    );
    return { kind: "user", ...found, grants };
  },
});

/** Being known waits for no row: whatever holds one now, as the end of all sign-ins of the person does, leaves the time to the next. */
async function touchSession(tx: Tx, { orgId, id, now }: { orgId: string; id: string; now: Date }): Promise<void> {
  const s = tables.sessions;
  const free = tx
    .select({ id: s.id })
    .from(s)
    .where(and(eq(s.orgId, orgId), eq(s.id, id)))
    .for("no key update", { skipLocked: true });
  await tx
    .update(s)
    .set({ lastUsedAt: now })
    .where(and(eq(s.orgId, orgId), inArray(s.id, free)));
}
