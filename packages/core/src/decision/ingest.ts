import { notify, withOrg } from "@creel/db";
import { JOURNAL_BATCH_MAX, journalEntrySchema } from "@creel/protocol";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { touchExceptions } from "../exception/touch.ts";
import { ownNode } from "../node/self.ts";
import { touchSecrets } from "../secret/touch.ts";
import { defineVerb } from "../verb.ts";
import { sortJournal } from "./sortJournal.ts";
import { applyFlows, insertDecisions } from "./store.ts";

export const ingestInput = z.strictObject({ entries: z.array(journalEntrySchema).max(JOURNAL_BATCH_MAX) });

/**
 * Threat: a node sends lines twice, in several connections at once, or speaks for a sandbox, a node or an org that is
 * not its own. Invariant: each line is stored exactly once, under the acting node whatever the line says, and only for
 * a sandbox that is on that node. A refused line is acknowledged and audited: refusing the batch would stop the journal
 * behind it for ever.
 */
export const ingest = defineVerb({
  name: "decision.ingest",
  kind: "mutation",
  gate: { by: "node" },
  input: ingestInput,
  run: async (ctx, { entries }): Promise<{ stored: number; duplicates: number; refused: number; flows: number }> => {
    const { orgId, nodeId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const node = await ownNode(tx, ctx.actor);
      const sorted = await sortJournal(tx, ctx.actor, entries);
      const stored = await insertDecisions(tx, ctx, sorted.decisions);
      await touchSecrets(tx, ctx, sorted.decisions);
      await touchExceptions(tx, ctx, sorted.decisions);
      const flows = await applyFlows(tx, ctx.actor, sorted.flows);
      if (sorted.refused > 0)
        await recordAudit(tx, ctx, orgId, {
          action: "decision.refused",
          resource: { kind: "node", id: nodeId, label: node.name },
          changes: { refused: { to: sorted.refused } },
        });
      if (stored + flows > 0) await notify(tx, { orgId, topic: "decisions" });
      return { stored, duplicates: sorted.decisions.length - stored, refused: sorted.refused, flows };
    });
  },
});
