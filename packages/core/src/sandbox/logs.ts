import { and, asc, desc, eq, gt, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { visibleSandboxes } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { LOG_PAGE_MAX } from "../limits.ts";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { LogChunk } from "../views.ts";

export const logsInput = z.strictObject({
  sandboxId: z.uuid(),
  /** Only what follows this place; the newest page when absent. */
  afterOffset: z.number().int().nonnegative().optional(),
  limit: z.number().int().min(1).max(LOG_PAGE_MAX).default(LOG_PAGE_MAX),
});

export const logs = defineVerb({
  name: "sandbox.logs",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: logsInput,
  run: async (ctx, input): Promise<{ chunks: LogChunk[]; nextOffset: number }> => {
    const { orgId } = ctx.actor;
    const { sandboxes: s, nodes: n, sandboxLogs: l } = tables;
    const { afterOffset } = input;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const sandbox = first(
        await tx
          .select({ logEnd: s.logEnd })
          .from(s)
          .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
          .where(and(eq(s.orgId, orgId), eq(s.id, input.sandboxId), isNull(s.removedAt), visibleSandboxes(ctx.actor))),
      );
      if (sandbox === null) throw notFound();
      const mine = and(eq(l.orgId, orgId), eq(l.sandboxId, input.sandboxId));
      const page = tx.select().from(l);
      const rows =
        afterOffset === undefined
          ? (await page.where(mine).orderBy(desc(l.endOffset)).limit(input.limit)).reverse()
          : await page
              .where(and(mine, gt(l.endOffset, afterOffset)))
              .orderBy(asc(l.endOffset))
              .limit(input.limit);
      const chunks = rows.map((row) => ({
        endOffset: row.endOffset,
        incarnation: row.incarnation,
        data: row.data,
        dropped: row.dropped,
        at: iso(row.at),
      }));
      return { chunks, nextOffset: rows.at(-1)?.endOffset ?? afterOffset ?? sandbox.logEnd };
    });
  },
});
