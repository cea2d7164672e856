/**
 * Threat: whoever has a leaked key rotates it, or has it make others, and works on with those after it was revoked.
 * Invariant: revoking a key ends every key that came of it and those it came of, in one transaction that no rotation and no making
 * overlaps; those that it made are spared only when that is asked for.
 */
import { eq, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { underPeopleLock } from "../auth/actorNow.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { endKeys } from "./endKeys.ts";
import { keyForUpdate } from "./own.ts";

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
      const ended = await endKeys(tx, ctx, { orgId, roots: eq(t.id, tokenId), made, now: ctx.clock() });
      if (ended === 0) throw notFound();
      return { ok: true, ended };
    });
  },
});
