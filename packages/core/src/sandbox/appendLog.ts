import { and, eq, lte, notify, tables, withOrg } from "@creel/db";
import { LOG_CHUNK_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { LOG_KEEP_BYTES } from "../limits.ts";
import { ownNode } from "../node/self.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const appendLogInput = z.strictObject({
  sandboxId: z.uuid(),
  incarnation: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  data: z.string().max(LOG_CHUNK_BYTES_MAX * 2),
  dropped: z.number().int().nonnegative(),
});

/** A piece of a sandbox's output, from the node it is on. The newest few megabytes are kept. */
export const appendLog = defineVerb({
  name: "sandbox.appendLog",
  kind: "mutation",
  gate: { by: "node" },
  input: appendLogInput,
  run: async (ctx, input): Promise<{ ok: true }> => {
    const { orgId, nodeId } = ctx.actor;
    const { sandboxes: s, sandboxLogs: l } = tables;
    const { sandboxId, incarnation, offset, data, dropped } = input;
    const bytes = Buffer.byteLength(data, "utf8");
    await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const mine = and(eq(s.orgId, orgId), eq(s.id, sandboxId), eq(s.nodeId, nodeId));
      const before = first(await tx.select({ end: s.logEnd }).from(s).where(mine).for("update"));
      if (before === null) throw notFound();
      if (bytes === 0) return;
      const end = before.end + bytes;
      const added = await tx
        .insert(l)
        .values({
          orgId,
          sandboxId,
          endOffset: end,
          incarnation,
          sourceOffset: offset,
          data,
          // A column of four bytes; more than that lost is "very much" either way.
          dropped: Math.min(dropped, 2 ** 31 - 1),
          at: ctx.clock(),
        })
        .onConflictDoNothing()
        .returning({ end: l.endOffset });
      if (added.length === 0) return;
      await tx.update(s).set({ logEnd: end }).where(mine);
      await tx
        .delete(l)
        .where(and(eq(l.orgId, orgId), eq(l.sandboxId, sandboxId), lte(l.endOffset, end - LOG_KEEP_BYTES)));
      await notify(tx, { orgId, topic: "logs", id: sandboxId });
    });
    return { ok: true };
  },
});
