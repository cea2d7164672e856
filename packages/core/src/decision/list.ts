import { eq, tables, withOrg } from "@creel/db";
import { decisionKinds, verdicts } from "@creel/protocol";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { DecisionView } from "../views.ts";
import { decisionViews } from "./view.ts";

export const listInput = z.strictObject({
  sandboxId: z.uuid().optional(),
  nodeId: z.uuid().optional(),
  decision: z.enum(verdicts).optional(),
  kind: z.enum(decisionKinds).optional(),
  /** Older than this cursor, newest first. */
  before: z.number().int().nonnegative().optional(),
  /** Newer than this cursor, oldest first: what a feed asks to catch up. */
  after: z.number().int().nonnegative().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

export const list = defineVerb({
  name: "decision.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: listInput,
  run: async (ctx, input): Promise<{ items: DecisionView[]; nextBefore: number | null; lastCursor: number }> => {
    const { orgId } = ctx.actor;
    const t = tables.decisionCursors;
    return await withOrg(ctx.db, orgId, async (tx) => {
      // Read before the rows: a feed that starts here then asks again for what came between, and never misses it.
      const last = first(await tx.select({ value: t.value }).from(t).where(eq(t.orgId, orgId)));
      const items = await decisionViews(tx, { orgId, ...input, within: visibleDecisions(ctx.actor) });
      const more = input.after === undefined && items.length === input.limit;
      return { items, nextBefore: more ? (items.at(-1)?.cursor ?? null) : null, lastCursor: last?.value ?? 0 };
    });
  },
});
