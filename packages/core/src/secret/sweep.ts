import { and, eq, isNotNull, isNull, lte, notify, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { eachByItself, throwFailed } from "../each.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { nodesOfSecret } from "./bound.ts";
import { SWEEP_MAX } from "./limits.ts";
import { EMPTY } from "./row.ts";

export const sweepInput = z.strictObject({});

/** Empties replaced versions whose time is over, and tells their nodes. */
export const sweep = defineVerb({
  name: "secret.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx): Promise<{ ended: number }> => {
    const v = tables.secretVersions;
    const due = await withSystem(ctx.db, (tx) =>
      tx
        .select({ orgId: v.orgId, secretId: v.secretId })
        .from(v)
        .where(and(isNull(v.endedAt), isNotNull(v.endsAt), lte(v.endsAt, ctx.clock())))
        .limit(SWEEP_MAX),
    );
    const secrets = new Map(due.map(({ orgId, secretId }) => [`${orgId}/${secretId}`, { orgId, secretId }]));
    let ended = 0;
    const failed = await eachByItself(secrets.values(), async (each) => {
      ended += await end(ctx, each);
    });
    throwFailed("ending replaced versions", failed);
    return { ended };
  },
});

async function end(ctx: Ctx, { orgId, secretId }: { orgId: string; secretId: string }): Promise<number> {
  const { secrets: t, secretVersions: v } = tables;
  const now = ctx.clock();
  const done = await withOrg(ctx.db, orgId, async (tx) => {
    // The secret first, as everybody takes these rows.
    const mine = and(eq(t.orgId, orgId), eq(t.id, secretId));
    const secret = first(await tx.select({ name: t.name }).from(t).where(mine).for("update"));
    const over = and(eq(v.orgId, orgId), eq(v.secretId, secretId), isNull(v.endedAt), lte(v.endsAt, now));
    const rows = await tx
      .update(v)
      .set({ endedAt: now, ...EMPTY })
      .where(over)
      .returning({ version: v.version });
    if (rows.length === 0 || secret === null) return { ended: 0, planIds: [] };
    await recordAudit(tx, ctx, orgId, {
      action: "secret.versionEnded",
      resource: { kind: "secret", id: secretId, label: secret.name },
      changes: { versions: { to: rows.map(({ version }) => version) } },
    });
    await notify(tx, { orgId, topic: "secrets", id: secretId });
    const nodeIds = await nodesOfSecret(tx, { orgId, secretId });
    return { ended: rows.length, planIds: await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.versionEnded" }) };
  });
  await deliverPlans(ctx, orgId, done.planIds);
  return done.ended;
}
