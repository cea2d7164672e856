import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const revokeInput = z.strictObject({ tokenId: z.uuid() });

export const revoke = defineVerb({
  name: "token.revoke",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "token" },
  input: revokeInput,
  run: async (ctx, input): Promise<{ ok: true }> => {
    const t = tables.apiTokens;
    const { orgId } = ctx.actor;
    await withOrg(ctx.db, orgId, async (tx) => {
      const row = first(
        await tx
          .update(t)
          .set({ revokedAt: ctx.clock() })
          .where(and(eq(t.orgId, orgId), eq(t.id, input.tokenId), isNull(t.revokedAt)))
          .returning(),
      );
      if (row === null) throw notFound();
      await recordAudit(tx, ctx, orgId, {
        action: "token.revoke",
        resource: { kind: "token", id: row.id, label: row.name },
        changes: changesOf("apiTokens", { ...row, revokedAt: null }, row),
      });
    });
    return { ok: true };
  },
});
