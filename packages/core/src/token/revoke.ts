/**
 * Threat: whoever has a leaked key rotates it, or has it make others, and works on with those after it was revoked.
 * Invariant: revoking a key ends every key that came of it and those it came of, in one transaction that no rotation and no making
 * overlaps; those that it made are spared only when that is asked for.
 */
import { and, eq, inArray, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { familiesOf, lineageOf } from "./family.ts";
import { keyForUpdate, workingKeys, works } from "./own.ts";

export const revokeInput = z.strictObject({
  tokenId: z.uuid(),
  /** What becomes of the keys that it made, and those that they made. */
  made: z.enum(["end", "keep"]).default("end"),
});

/** One's own, a key itself, or any for who may delete keys. A key that is over can be named while one of its kin still works. */
export const revoke = defineVerb({
  name: "token.revoke",
  kind: "mutation",
  gate: { by: "member" },
  input: revokeInput,
  run: async (ctx, { tokenId, made }): Promise<{ ok: true; ended: number }> => {
    const t = tables.apiTokens;
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await keyForUpdate(tx, await underPeopleLock(tx, ctx, null), { tokenId, action: "delete" });
      const revokedAt = ctx.clock();
      const family = familiesOf(await lineageOf(tx, orgId))(tokenId);
      const working = await workingKeys(tx, orgId, revokedAt);
      const ids = [...family.kin, ...(made === "end" ? family.made : [])].filter((id) => working.has(id));
      const rows = await tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), inArray(t.id, ids)))
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
      return { ok: true, ended: ending.length };
    });
  },
});
