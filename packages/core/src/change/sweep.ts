import { and, asc, eq, inArray, isNull, lte, or, tables, withSystem } from "@creel/db";
import { z } from "zod";
import type { Ctx } from "../context.ts";
import { defineVerb } from "../verb.ts";
import { SWEEP_MAX } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { lockChange } from "./row.ts";
import { settle } from "./settle.ts";
import { serializably } from "./transact.ts";

export const sweepInput = z.strictObject({});

/** Applies what is approved and due, ends what ran out of time, and pays the plans that a crash left owing. */
export const sweep = defineVerb({
  name: "change.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx): Promise<{ settled: number; planned: number }> => {
    const now = ctx.clock();
    const c = tables.changes;
    const columns = { orgId: c.orgId, changeId: c.id };
    const found = await withSystem(ctx.db, async (tx) => ({
      due: await tx
        .select(columns)
        .from(c)
        .where(
          or(
            and(eq(c.state, "open"), lte(c.expiresAt, now)),
            and(eq(c.state, "approved"), or(isNull(c.applyAt), lte(c.applyAt, now))),
          ),
        )
        .orderBy(asc(c.id))
        .limit(SWEEP_MAX),
      owing: await tx
        .select(columns)
        .from(c)
        .where(and(inArray(c.state, ["applied"]), isNull(c.plannedAt)))
        .orderBy(asc(c.id))
        .limit(SWEEP_MAX),
    }));
    for (const each of found.due) await settleDue(ctx, each);
    for (const each of found.owing) await planNodes(ctx, each);
    return { settled: found.due.length, planned: found.owing.length };
  },
});

export const settleOneInput = z.strictObject({ orgId: z.uuid(), changeId: z.uuid() });

/** One change whose time has come, asked by the job that was set for that instant. */
export const settleOne = defineVerb({
  name: "change.settleOne",
  kind: "mutation",
  gate: { by: "system" },
  input: settleOneInput,
  run: async (ctx, due): Promise<void> => await settleDue(ctx, due),
});

interface Due {
  orgId: string;
  changeId: string;
}

export async function settleDue(ctx: Ctx, due: Due): Promise<void> {
  const row = await serializably(ctx, due.orgId, async (tx) => await settle(tx, ctx, await lockChange(tx, due)));
  if (row.state === "applied") await planNodes(ctx, due);
}
