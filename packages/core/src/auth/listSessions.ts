import { and, desc, eq, gt, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { PAGE_MAX } from "../limits.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { SessionView } from "../views.ts";

export const listSessionsInput = z.strictObject({});

export const listSessions = defineVerb({
  name: "auth.listSessions",
  kind: "query",
  gate: { by: "self" },
  input: listSessionsInput,
  run: async (ctx): Promise<{ items: SessionView[] }> => {
    const t = tables.sessions;
    const { orgId, userId, sessionId } = ctx.actor;
    const rows = await withOrg(ctx.db, orgId, (tx) =>
      tx
        .select()
        .from(t)
        .where(and(eq(t.orgId, orgId), eq(t.userId, userId), isNull(t.revokedAt), gt(t.expiresAt, ctx.clock())))
        .orderBy(desc(t.lastUsedAt))
        .limit(PAGE_MAX),
    );
    const items = rows.map((row) => ({
      id: row.id,
      userAgent: row.userAgent,
      source: row.source,
      createdAt: iso(row.createdAt),
      lastUsedAt: iso(row.lastUsedAt),
      expiresAt: iso(row.expiresAt),
      current: row.id === sessionId,
    }));
    return { items };
  },
});
