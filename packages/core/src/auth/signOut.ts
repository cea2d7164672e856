import { and, eq, isNull, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { UserActor } from "../context.ts";
import { hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const signOutInput = z.strictObject({ token: z.string().max(256) });

/** Ends the session the token stands for. A token that stands for none has nothing to end. */
export const signOut = defineVerb({
  name: "auth.signOut",
  kind: "mutation",
  gate: { by: "open" },
  input: signOutInput,
  run: async (ctx, input): Promise<{ ok: true }> => {
    const { sessions, users } = tables;
    const found = await withSystem(ctx.db, async (tx) =>
      first(
        await tx
          .select({ orgId: sessions.orgId, id: sessions.id, userId: sessions.userId, email: users.email })
          .from(sessions)
          .innerJoin(users, eq(users.id, sessions.userId))
          .where(eq(sessions.tokenHash, hashToken(input.token))),
      ),
    );
    if (found === null) return { ok: true };
    const { orgId, id, userId, email } = found;
    // Rights play no part in ending one's own session; the row only names the person.
    const actor: UserActor = { kind: "user", userId, orgId, grants: [], email, sessionId: id };
    await withOrg(ctx.db, orgId, async (tx) => {
      const ended = await tx
        .update(sessions)
        .set({ revokedAt: ctx.clock() })
        .where(and(eq(sessions.orgId, orgId), eq(sessions.id, id), isNull(sessions.revokedAt)))
        .returning({ id: sessions.id });
      if (ended.length > 0)
        await recordAudit(tx, { ...ctx, actor }, orgId, {
          action: "auth.signOut",
          resource: { kind: "session", id, label: email },
        });
    });
    return { ok: true };
  },
});
