import { and, asc, eq, inArray, isNull, lt, notify, or, tables, withOrg, withSystem } from "@creel/db";
import type { ExecResult } from "@creel/protocol";
import { z } from "zod";
import type { Ctx } from "../context.ts";
import { eachByItself, throwFailed } from "../each.ts";
import { defineVerb } from "../verb.ts";
import { CLAIM_MS } from "./claim.ts";
import { deliverPlans } from "./make.ts";

export const sweepInput = z.strictObject({});

/** One sweep's share; what is left over is the next one's. */
const SWEEP_MAX = 500;

/** Repeats what a crash between commit and queue lost, and ends commands nobody answered. */
export const sweep = defineVerb({
  name: "plan.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx): Promise<{ plans: number; commands: number }> => {
    const now = ctx.clock();
    const { plans: p, commands: c } = tables;
    const found = await withSystem(ctx.db, async (tx) => ({
      plans: await tx
        .select({ orgId: p.orgId, id: p.id })
        .from(p)
        .where(
          and(
            eq(p.state, "pending"),
            lt(p.createdAt, new Date(now.getTime() - CLAIM_MS)),
            or(isNull(p.claimedUntil), lt(p.claimedUntil, now)),
          ),
        )
        .orderBy(asc(p.createdAt))
        .limit(SWEEP_MAX),
      commands: await tx
        .select({ orgId: c.orgId, id: c.id })
        .from(c)
        .where(and(inArray(c.state, ["queued", "sent"]), lt(c.expiresAt, now)))
        .orderBy(asc(c.expiresAt))
        .limit(SWEEP_MAX),
    }));
    const failed = [
      ...(await eachByItself(found.plans, async ({ orgId, id }) => await redeliver(ctx, orgId, id))),
      ...(await eachByItself(found.commands, async ({ orgId, id }) => await expire(ctx, orgId, id, now))),
    ];
    throwFailed("repeating plans and ending commands", failed);
    return { plans: found.plans.length, commands: found.commands.length };
  },
});

/** A job that ran before keeps its id for a while and would swallow a repeat, so hubs are told directly as well. */
async function redeliver(ctx: Ctx, orgId: string, planId: string): Promise<void> {
  const t = tables.plans;
  await withOrg(ctx.db, orgId, async (tx) => {
    const rows = await tx
      .select({ nodeId: t.nodeId })
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, planId)));
    for (const row of rows) await notify(tx, { orgId, topic: "plans", id: row.nodeId });
  });
  await deliverPlans(ctx, orgId, [planId]);
}

const unanswered: ExecResult = {
  exitCode: null,
  stdout: "",
  stderr: "",
  truncated: false,
  error: "The node did not answer in time.",
};

async function expire(ctx: Ctx, orgId: string, commandId: string, now: Date): Promise<void> {
  const t = tables.commands;
  await withOrg(ctx.db, orgId, (tx) =>
    tx
      .update(t)
      .set({ state: "expired", finishedAt: now, result: unanswered })
      .where(and(eq(t.orgId, orgId), eq(t.id, commandId), inArray(t.state, ["queued", "sent"]))),
  );
}
