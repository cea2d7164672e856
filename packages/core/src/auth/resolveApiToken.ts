import { and, eq, tables, withSystem } from "@creel/db";
import { z } from "zod";
import type { Role } from "../authz/roles.ts";
import type { ApiKeyActor } from "../context.ts";
import { apiTokenPrefix, hashToken } from "../secrets/tokens.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { TOUCH_INTERVAL_MS } from "./limits.ts";

export const resolveApiTokenInput = z.strictObject({ token: z.string().max(256) });

export const resolveApiToken = defineVerb({
  name: "auth.resolveApiToken",
  kind: "query",
  gate: { by: "open" },
  input: resolveApiTokenInput,
  run: async (ctx, input): Promise<ApiKeyActor | null> => {
    if (apiTokenPrefix(input.token) === null) return null;
    const t = tables.apiTokens;
    const now = ctx.clock();
    return await withSystem(ctx.db, async (tx) => {
      const row = first(
        await tx
          .select()
          .from(t)
          .where(eq(t.tokenHash, hashToken(input.token))),
      );
      if (row === null || row.revokedAt !== null) return null;
      if (row.expiresAt !== null && row.expiresAt <= now) return null;
      if (row.lastUsedAt === null || now.getTime() - row.lastUsedAt.getTime() > TOUCH_INTERVAL_MS)
        await tx
          .update(t)
          .set({ lastUsedAt: now })
          .where(and(eq(t.orgId, row.orgId), eq(t.id, row.id)));
      return { kind: "apiKey", tokenId: row.id, orgId: row.orgId, role: stored<Role>(row.role), name: row.name };
    });
  },
});
