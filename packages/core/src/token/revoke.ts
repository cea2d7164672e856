import { and, eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { defineVerb } from "../verb.ts";
import { keyForUpdate } from "./own.ts";

export const revokeInput = z.strictObject({ tokenId: z.uuid() });

/** One's own, a key itself, or any for who may delete keys. */
export const revoke = defineVerb({
  name: "token.revoke",
  kind: "mutation",
  gate: { by: "member" },
  input: revokeInput,
  run: async (ctx, { tokenId }): Promise<{ ok: true }> => {
    const t = tables.apiTokens;
    const { orgId } = ctx.actor;
    await withOrg(ctx.db, orgId, async (tx) => {
      const row = await keyForUpdate(tx, ctx, { tokenId, action: "delete" });
      const revokedAt = ctx.clock();
      await tx
        .update(t)
        .set({ revokedAt })
        .where(and(eq(t.orgId, orgId), eq(t.id, tokenId)));
      await recordAudit(tx, ctx, orgId, {
        action: "token.revoke",
        resource: { kind: "token", id: row.id, label: row.name },
        changes: changesOf("apiTokens", row, { ...row, revokedAt }),
      });
    });
    return { ok: true };
  },
});
