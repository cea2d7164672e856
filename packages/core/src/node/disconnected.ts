import { and, eq, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const disconnectedInput = z.strictObject({});

/** Also heard from a node that was revoked: its going away is what revoking brings about. */
export const disconnected = defineVerb({
  name: "node.disconnected",
  kind: "mutation",
  gate: { by: "node" },
  input: disconnectedInput,
  run: async (ctx): Promise<{ ok: true }> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.nodes;
    await withOrg(ctx.db, orgId, async (tx) => {
      const row = first(
        await tx
          .update(t)
          .set({ connected: false })
          .where(and(eq(t.orgId, orgId), eq(t.id, nodeId), eq(t.connected, true)))
          .returning({ name: t.name }),
      );
      if (row === null) return;
      await recordAudit(tx, ctx, orgId, {
        action: "node.disconnect",
        resource: { kind: "node", id: nodeId, label: row.name },
        changes: { connected: { from: true, to: false } },
      });
      await notify(tx, { orgId, topic: "nodes", id: nodeId });
    });
    return { ok: true };
  },
});
