import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const revokeInput = z.strictObject({ invitationId: z.uuid() });

export const revoke = defineVerb({
  name: "invitation.revoke",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "invitation" },
  input: revokeInput,
  run: async (ctx, { invitationId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const t = tables.invitations;
    const now = ctx.clock();
    await withOrg(ctx.db, orgId, async (tx) => {
      const row = first(
        await tx
          .update(t)
          .set({ revokedAt: now })
          .where(and(eq(t.orgId, orgId), eq(t.id, invitationId), isNull(t.usedAt), isNull(t.revokedAt)))
          .returning({ email: t.email }),
      );
      if (row === null) throw notFound();
      await recordAudit(tx, ctx, orgId, {
        action: "invitation.revoke",
        resource: { kind: "invitation", id: invitationId, label: row.email },
        changes: { revokedAt: { to: now.toISOString() } },
      });
    });
    return { ok: true };
  },
});
