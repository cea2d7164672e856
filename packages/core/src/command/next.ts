import { and, asc, eq, gt, inArray, tables, withOrg } from "@creel/db";
import type { ExecRequest } from "@creel/protocol";
import { z } from "zod";
import { ownNode } from "../node/self.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const nextInput = z.strictObject({});

/** Takes the oldest command that waits for this node. Each is taken once: a command is not safe to run twice. */
export const next = defineVerb({
  name: "command.next",
  kind: "mutation",
  gate: { by: "node" },
  input: nextInput,
  run: async (ctx): Promise<{ commandId: string; request: ExecRequest } | null> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.commands;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const waiting = tx
        .select({ id: t.id })
        .from(t)
        .where(and(eq(t.orgId, orgId), eq(t.nodeId, nodeId), eq(t.state, "queued"), gt(t.expiresAt, ctx.clock())))
        .orderBy(asc(t.id))
        .limit(1)
        .for("update", { skipLocked: true });
      const row = first(
        await tx
          .update(t)
          .set({ state: "sent" })
          .where(and(eq(t.orgId, orgId), inArray(t.id, waiting)))
          .returning({ id: t.id, request: t.request }),
      );
      return row === null ? null : { commandId: row.id, request: stored<ExecRequest>(row.request) };
    });
  },
});
