/**
 * Threat: whoever has a leaked key rotates it, and works on with the new one after the old one was revoked.
 * Invariant: revoking a key ends every key that came of it and those it came of, in one transaction that no rotation overlaps.
 */
import { and, eq, inArray, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { familyOf } from "./family.ts";
import { keyForUpdate, works } from "./own.ts";

export const revokeInput = z.strictObject({ tokenId: z.uuid() });

/** One's own, a key itself, or any for who may delete keys. A key that is over can be named while one of its kin still works. */
export const revoke = defineVerb({
  name: "token.revoke",
  kind: "mutation",
  gate: { by: "member" },
  input: revokeInput,
  run: async (ctx, { tokenId }): Promise<{ ok: true }> => {
    const t = tables.apiTokens;
    const { orgId } = ctx.actor;
    await withOrg(ctx.db, orgId, async (tx) => {
      await keyForUpdate(tx, ctx, { tokenId, action: "delete" });
      const revokedAt = ctx.clock();
      const kin = await familyOf(tx, { orgId, tokenId });
      const rows = await tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), inArray(t.id, kin)))
        .for("update");
      const ending = rows.filter((row) => works(row, revokedAt));
      if (ending.length === 0) throw notFound();
      for (const row of ending) {
        await tx
          .update(t)
          .set({ revokedAt })
          .where(and(eq(t.orgId, orgId), eq(t.id, row.id)));
        await recordAudit(tx, ctx, orgId, {
          action: "token.revoke",
          resource: { kind: "token", id: row.id, label: row.name },
          changes: changesOf("apiTokens", row, { ...row, revokedAt }),
        });
      }
    });
    return { ok: true };
  },
});
