import { and, eq, inArray, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { UNSEEN_SHOWN_MAX } from "./limits.ts";

export const markSeenInput = z.strictObject({ noticeIds: z.array(z.uuid()).min(1).max(UNSEEN_SHOWN_MAX) });

/** The asking person has seen what they were told. On record: somebody who was passed over cannot say later that nobody told them. */
export const markSeen = defineVerb({
  name: "notice.markSeen",
  kind: "mutation",
  gate: { by: "self" },
  input: markSeenInput,
  run: async (ctx, { noticeIds }): Promise<{ seen: number }> => {
    const { orgId, userId } = ctx.actor;
    const p = tables.personNotices;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const seen = await tx
        .update(p)
        .set({ seenAt: ctx.clock() })
        .where(and(eq(p.orgId, orgId), eq(p.userId, userId), inArray(p.id, noticeIds), isNull(p.seenAt)))
        .returning({ id: p.id, title: p.title });
      if (seen.length === 0) throw notFound();
      for (const { id, title } of seen)
        await recordAudit(tx, ctx, orgId, {
          action: "notice.markSeen",
          resource: { kind: "notice", id, label: title },
        });
      await notify(tx, { orgId, topic: "notices" });
      return { seen: seen.length };
    });
  },
});
