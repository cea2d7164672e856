import { and, eq, ne, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { notFound } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const revokeInput = z.strictObject({ nodeId: z.uuid() });

/** Hubs hear of it and cut the node's socket; from now on its certificate counts for nothing. */
export const revoke = defineVerb({
  name: "node.revoke",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "node" },
  input: revokeInput,
  run: async (ctx, input): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const t = tables.nodes;
    await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(t.orgId, orgId), eq(t.id, input.nodeId), ne(t.state, "revoked"));
      const found = first(await tx.select({ labels: t.labels }).from(t).where(mine).for("no key update"));
      if (found === null) throw notFound();
      authorizeOn(ctx.actor, { action: "delete", kind: "node", labels: stored<Labels>(found.labels) });
      const row = first(
        await tx
          .update(t)
          .set({ state: "revoked", revokedAt: ctx.clock(), connected: false })
          .where(mine)
          .returning({ name: t.name, revokedAt: t.revokedAt }),
      );
      if (row === null) throw notFound();
      await recordAudit(tx, ctx, orgId, {
        action: "node.revoke",
        resource: { kind: "node", id: input.nodeId, label: row.name },
        changes: { state: { to: "revoked" }, revokedAt: { to: row.revokedAt } },
      });
      await notify(tx, { orgId, topic: "nodes", id: input.nodeId });
    });
    return { ok: true };
  },
});
