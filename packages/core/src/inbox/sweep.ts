/**
 * Threat: counts that nobody asks for any more, of sandboxes that were removed or have fallen silent, fill the database. Invariant: what is
 * deleted is older than anybody can look, and one turn deletes what a few sandboxes were counted, not what a fleet was.
 */
import { and, eq, inArray, lt, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { eachByItself, throwFailed } from "../each.ts";
import { defineVerb } from "../verb.ts";
import { SWEPT_ROWS_MAX, SWEPT_SANDBOXES_MAX } from "./limits.ts";
import { DAY_MS, dayOf, oldest } from "./oldest.ts";

export const sweepInput = z.strictObject({});

/** Forgets what was counted on days that are over for everybody; what was decided stays on record. */
export const sweep = defineVerb({
  name: "inbox.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (ctx): Promise<{ forgotten: number }> => {
    const { deniedGroups: d } = tables;
    // A day more than anybody can ask for: a page that was begun before midnight goes on after it.
    const before = dayOf(new Date(oldest(ctx.clock()).getTime() - DAY_MS));
    const over = await withSystem(ctx.db, (tx) => {
      const rows = tx
        .select({ orgId: d.orgId, sandboxId: d.sandboxId })
        .from(d)
        .where(lt(d.day, before))
        .orderBy(d.day)
        .limit(SWEPT_ROWS_MAX)
        .as("old");
      return tx.selectDistinct({ orgId: rows.orgId, sandboxId: rows.sandboxId }).from(rows).limit(SWEPT_SANDBOXES_MAX);
    });
    const orgIds = [...new Set(over.map(({ orgId }) => orgId))];
    let forgotten = 0;
    const failed = await eachByItself(orgIds, async (orgId) => {
      const sandboxIds = over.flatMap((each) => (each.orgId === orgId ? [each.sandboxId] : []));
      forgotten += await forget(ctx, { orgId, sandboxIds, before });
    });
    throwFailed("forgetting old counts", failed);
    return { forgotten };
  },
});

async function forget(ctx: Ctx, of: { orgId: string; sandboxIds: string[]; before: string }): Promise<number> {
  const { orgId, sandboxIds, before } = of;
  const { deniedGroups: d } = tables;
  return await withOrg(ctx.db, orgId, async (tx) => {
    const old = and(eq(d.orgId, orgId), inArray(d.sandboxId, sandboxIds), lt(d.day, before));
    const gone = (await tx.delete(d).where(old).returning({ day: d.day })).length;
    // Another hub has been here.
    if (gone === 0) return 0;
    await recordAudit(tx, ctx, orgId, {
      action: "inbox.forget",
      resource: { kind: "inbox", id: orgId, label: `counts of denials before ${before}` },
      changes: { counts: { to: gone } },
    });
    return gone;
  });
}
