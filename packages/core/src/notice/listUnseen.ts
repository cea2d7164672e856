import { and, desc, eq, isNull, sql, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { first, iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { PersonNoticeView } from "../views.ts";
import { UNSEEN_SHOWN_MAX } from "./limits.ts";

export const listUnseenInput = z.strictObject({});

/** What the asking person was told in the product and has not seen yet, newest first. */
export const listUnseen = defineVerb({
  name: "notice.listUnseen",
  kind: "query",
  gate: { by: "self" },
  input: listUnseenInput,
  run: async (ctx): Promise<{ items: PersonNoticeView[]; count: number }> => {
    const { orgId, userId } = ctx.actor;
    const p = tables.personNotices;
    const mine = and(eq(p.orgId, orgId), eq(p.userId, userId), isNull(p.seenAt));
    return await withOrg(ctx.db, orgId, async (tx) => {
      const rows = await tx.select().from(p).where(mine).orderBy(desc(p.createdAt), desc(p.id)).limit(UNSEEN_SHOWN_MAX);
      const counted = first(await tx.select({ count: sql<number>`count(*)::int` }).from(p).where(mine));
      return {
        items: rows.map(({ id, topic, title, text, path, createdAt }) => ({
          id,
          topic,
          title,
          text,
          path,
          at: iso(createdAt),
        })),
        count: counted?.count ?? 0,
      };
    });
  },
});
