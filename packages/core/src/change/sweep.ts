import { and, asc, eq, gt, inArray, isNull, lte, or, tables, withSystem } from "@creel/db";
import { z } from "zod";
import type { Ctx } from "../context.ts";
import { eachByItself, type Failed } from "../each.ts";
import { defineVerb } from "../verb.ts";
import { SWEEP_MAX } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { lockChange } from "./row.ts";
import { settle } from "./settle.ts";
import { serializably } from "./transact.ts";

/** Where the last sweep stopped, as the id of its last row; null begins again with the first. */
const placeSchema = z.strictObject({ due: z.uuid().nullable(), owing: z.uuid().nullable() });
type Place = z.output<typeof placeSchema>;

export const sweepInput = z.strictObject({ after: placeSchema.default({ due: null, owing: null }) });

/**
 * Applies what is approved and due, ends what ran out of time, and pays the plans that a crash left owing.
 * Threat: rows that cannot be settled now (a freeze, content that throws) are found first at every sweep, and nobody else's change
 * of any organization is ever applied or ends. Invariant: a row that throws ends nothing but its own turn, and each sweep goes on
 * where the last one stopped, so that every row has its turn however many before it stay.
 */
export const sweep = defineVerb({
  name: "change.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx, { after }): Promise<{ settled: number; planned: number; failed: Failed<Due>[]; next: Place }> => {
    const now = ctx.clock();
    const c = tables.changes;
    const columns = { orgId: c.orgId, changeId: c.id };
    const found = await withSystem(ctx.db, async (tx) => ({
      due: await tx
        .select(columns)
        .from(c)
        .where(
          and(
            after.due === null ? undefined : gt(c.id, after.due),
            or(
              and(eq(c.state, "open"), lte(c.expiresAt, now)),
              and(eq(c.state, "approved"), or(isNull(c.applyAt), lte(c.applyAt, now))),
            ),
          ),
        )
        .orderBy(asc(c.id))
        .limit(SWEEP_MAX),
      owing: await tx
        .select(columns)
        .from(c)
        .where(
          and(
            after.owing === null ? undefined : gt(c.id, after.owing),
            inArray(c.state, ["applied"]),
            isNull(c.plannedAt),
          ),
        )
        .orderBy(asc(c.id))
        .limit(SWEEP_MAX),
    }));
    const unsettled = await eachByItself(found.due, async (each) => await settleDue(ctx, each));
    const unplanned = await eachByItself(found.owing, async (each) => await planNodes(ctx, each));
    return {
      settled: found.due.length - unsettled.length,
      planned: found.owing.length - unplanned.length,
      failed: [...unsettled, ...unplanned],
      next: { due: placeAfter(found.due), owing: placeAfter(found.owing) },
    };
  },
});

/** A share that is not full was the last one. */
const placeAfter = (rows: readonly Due[]): string | null =>
  rows.length < SWEEP_MAX ? null : (rows.at(-1)?.changeId ?? null);

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
