import { and, asc, eq, isNull, lt, lte, or, tables, withSystem } from "@creel/db";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import { DUE_MAX } from "./limits.ts";

export const dueInput = z.strictObject({});

/** What waits to be sent in all orgs, as ids; `notice.claim` decides who sends it. */
export const due = defineVerb({
  name: "notice.due",
  kind: "query",
  gate: { by: "system" },
  input: dueInput,
  run: async (ctx): Promise<{ orgId: string; deliveryId: string }[]> => {
    const d = tables.noticeDeliveries;
    const now = ctx.clock();
    return await withSystem(ctx.db, (tx) =>
      tx
        .select({ orgId: d.orgId, deliveryId: d.id })
        .from(d)
        .where(and(eq(d.state, "waiting"), lte(d.dueAt, now), or(isNull(d.claimedUntil), lt(d.claimedUntil, now))))
        .orderBy(asc(d.dueAt))
        .limit(DUE_MAX),
    );
  },
});
