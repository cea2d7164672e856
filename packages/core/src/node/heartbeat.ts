import { and, eq, notify, tables, withOrg } from "@creel/db";
import { sandboxStatusSchema } from "@creel/protocol";
import { z } from "zod";
import { applyStatuses } from "../sandbox/applyStatuses.ts";
import { defineVerb } from "../verb.ts";
import { ownNode } from "./self.ts";
import { isConnected } from "./view.ts";

export const heartbeatInput = z.strictObject({ statuses: z.array(sandboxStatusSchema).max(1000) });

export const heartbeat = defineVerb({
  name: "node.heartbeat",
  kind: "mutation",
  gate: { by: "node" },
  input: heartbeatInput,
  run: async (ctx, input): Promise<{ ok: true }> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.nodes;
    await withOrg(ctx.db, orgId, async (tx) => {
      const before = await ownNode(tx, ctx.actor);
      const now = ctx.clock();
      await tx
        .update(t)
        .set({ connected: true, lastSeenAt: now })
        .where(and(eq(t.orgId, orgId), eq(t.id, nodeId)));
      // Only a change is news: a beat every few seconds from every node would wake every page.
      if (!isConnected(before, now)) await notify(tx, { orgId, topic: "nodes", id: nodeId });
      await applyStatuses(tx, ctx, input.statuses);
    });
    return { ok: true };
  },
});
