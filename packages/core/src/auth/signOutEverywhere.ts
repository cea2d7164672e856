import { and, eq, isNull, ne, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { endLogins } from "../device/endLogins.ts";
import { defineVerb } from "../verb.ts";
import { lockSignIns } from "./lockSignIns.ts";

export const signOutEverywhereInput = z.strictObject({ exceptCurrent: z.boolean().default(false) });

/** Ends every session of the person and every login of a command line, in every org. */
export const signOutEverywhere = defineVerb({
  name: "auth.signOutEverywhere",
  kind: "mutation",
  gate: { by: "self" },
  input: signOutEverywhereInput,
  run: async (ctx, input): Promise<{ revoked: number }> => {
    const { sessions } = tables;
    const { userId, orgId, email, sessionId } = ctx.actor;
    const kept = input.exceptCurrent && sessionId !== undefined ? sessionId : null;
    const now = ctx.clock();
    // One lock over both parts, or a sign-in that is being made out of one of them is missed by this and stays.
    return await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      await lockSignIns(system, userId);
      const logins = await endLogins(system, ctx, { userId, now });
      const elsewhere = await system
        .update(sessions)
        .set({ revokedAt: now })
        .where(and(eq(sessions.userId, userId), ne(sessions.orgId, orgId), isNull(sessions.revokedAt)))
        .returning({ id: sessions.id });
      return await withOrg(ctx.db, orgId, async (tx) => {
        const here = await tx
          .update(sessions)
          .set({ revokedAt: now })
          .where(
            and(
              eq(sessions.orgId, orgId),
              eq(sessions.userId, userId),
              isNull(sessions.revokedAt),
              kept === null ? undefined : ne(sessions.id, kept),
            ),
          )
          .returning({ id: sessions.id });
        const revoked = here.length + elsewhere.length + logins;
        await recordAudit(tx, ctx, orgId, {
          action: "auth.signOutEverywhere",
          resource: { kind: "user", id: userId, label: email },
          changes: { revoked: { to: revoked } },
        });
        return { revoked };
      });
    });
  },
});
