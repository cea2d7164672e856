import { and, asc, eq, gt, inArray, isNull, lte, or, tables, withSystem } from "@creel/db";
import { z } from "zod";
import type { Ctx } from "../context.ts";
import { eachByItself, type Failed } from "../each.ts";
import { defineVerb } from "../verb.ts";
import { endGlassIfDue } from "./glass.ts";
import { SWEEP_MAX } from "./limits.ts";
import { planNodes } from "./plan.ts";
import { remindIfDue } from "./remind.ts";
import { lockChange } from "./row.ts";
import { settle } from "./settle.ts";
import { serializably } from "./transact.ts";

/** Where the last sweep stopped, as the id of its last row; null begins again with the first. */
const placeSchema = z.strictObject({
  due: z.uuid().nullable(),
  owing: z.uuid().nullable(),
  ending: z.uuid().nullable(),
  reminding: z.uuid().nullable(),
});
type Place = z.output<typeof placeSchema>;

interface Swept {
  settled: number;
  planned: number;
  ended: number;
  reminded: number;
  failed: Failed<Due>[];
  next: Place;
}

export const sweepInput = z.strictObject({
  after: placeSchema.default({ due: null, owing: null, ending: null, reminding: null }),
});

/**
 * Applies what is approved and due, ends what ran out of time, takes back what was applied by break-glass, pays the plans that a
 * crash left owing, and reminds.
 * Threat: rows that cannot be settled now (a freeze, content that throws) are found first at every sweep, and nobody else's change
 * of any organization is ever applied or ends. Invariant: a row that throws ends nothing but its own turn, and each sweep goes on
 * where the last one stopped, so that every row has its turn however many before it stay.
 */
export const sweep = defineVerb({
  name: "change.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx, { after }): Promise<Swept> => {
    const now = ctx.clock();
    const { changes: c, changeReviews: r } = tables;
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
      ending: await tx
        .select({ orgId: r.orgId, changeId: r.changeId })
        .from(r)
        .where(
          and(after.ending === null ? undefined : gt(r.changeId, after.ending), isNull(r.endedAt), lte(r.endsAt, now)),
        )
        .orderBy(asc(r.changeId))
        .limit(SWEEP_MAX),
      reminding: await tx
        .select(columns)
        .from(c)
        .where(
          and(
            after.reminding === null ? undefined : gt(c.id, after.reminding),
            eq(c.state, "open"),
            lte(c.remindAt, now),
          ),
        )
        .orderBy(asc(c.id))
        .limit(SWEEP_MAX),
    }));
    const failed = [
      ...(await eachByItself(found.ending, async (each) => await endGlassIfDue(ctx, each))),
      ...(await eachByItself(found.due, async (each) => await settleDue(ctx, each))),
      ...(await eachByItself(found.owing, async (each) => await planNodes(ctx, each))),
      ...(await eachByItself(found.reminding, async (each) => await remindIfDue(ctx, each))),
    ];
    const done = (of: readonly Due[]): number => of.filter((each) => !failed.some((other) => other.of === each)).length;
    return {
      settled: done(found.due),
      planned: done(found.owing),
      ended: done(found.ending),
      reminded: done(found.reminding),
      failed,
      next: {
        due: placeAfter(found.due),
        owing: placeAfter(found.owing),
        ending: placeAfter(found.ending),
        reminding: placeAfter(found.reminding),
      },
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
  run: async (ctx, due): Promise<void> => {
    await settleDue(ctx, due);
    await endGlassIfDue(ctx, due);
  },
});

interface Due {
  orgId: string;
  changeId: string;
}

export async function settleDue(ctx: Ctx, due: Due): Promise<void> {
  const row = await serializably(ctx, due.orgId, async (tx) => await settle(tx, ctx, await lockChange(tx, due)));
  if (row.state === "applied") await planNodes(ctx, due);
}
