import { and, eq, inArray, notify, tables, withOrg } from "@creel/db";
import { execResultSchema } from "@creel/protocol";
import { z } from "zod";
import { ownNode } from "../node/self.ts";
import { defineVerb } from "../verb.ts";

export const completeInput = z.strictObject({ commandId: z.uuid(), result: execResultSchema });

/** The answer to a command of this node. The first one counts; `ok` is false for any other. */
export const complete = defineVerb({
  name: "command.complete",
  kind: "mutation",
  gate: { by: "node" },
  input: completeInput,
  run: async (ctx, input): Promise<{ ok: boolean }> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.commands;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const done = await tx
        .update(t)
        .set({ state: "done", finishedAt: ctx.clock(), result: input.result })
        .where(
          and(
            eq(t.orgId, orgId),
            eq(t.id, input.commandId),
            eq(t.nodeId, nodeId),
            inArray(t.state, ["queued", "sent"]),
          ),
        )
        .returning({ id: t.id });
      if (done.length > 0) await notify(tx, { orgId, topic: "commands", id: nodeId });
      return { ok: done.length > 0 };
    });
  },
});
