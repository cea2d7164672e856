import { newId, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { roles } from "../authz/roles.ts";
import { apiTokenPrefix, hashToken, makeApiToken } from "../secrets/tokens.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { toTokenView } from "./view.ts";

export const createInput = z.strictObject({
  name: z.string().min(1).max(64),
  role: z.enum(roles),
  expiresInDays: z.number().int().min(1).max(3650).optional(),
});

const DAY_MS = 24 * 60 * 60 * 1000;

export const create = defineVerb({
  name: "token.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "token" },
  input: createInput,
  run: async (ctx, input): Promise<{ token: string; view: TokenView }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const token = makeApiToken();
    const row = {
      orgId,
      id: newId(now),
      name: input.name,
      role: input.role,
      prefix: apiTokenPrefix(token) ?? "",
      tokenHash: hashToken(token),
      createdBy: describeActor(ctx.actor).label,
      createdAt: now,
      lastUsedAt: null,
      expiresAt: input.expiresInDays === undefined ? null : new Date(now.getTime() + input.expiresInDays * DAY_MS),
      revokedAt: null,
    };
    await withOrg(ctx.db, orgId, async (tx) => {
      await tx.insert(tables.apiTokens).values(row);
      await recordAudit(tx, ctx, orgId, {
        action: "token.create",
        resource: { kind: "token", id: row.id, label: row.name },
        changes: changesOf("apiTokens", null, row),
      });
    });
    return { token, view: toTokenView(row) };
  },
});
