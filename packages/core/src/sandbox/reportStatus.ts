import { withOrg } from "@creel/db";
import { sandboxStatusSchema } from "@creel/protocol";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { ownNode } from "../node/self.ts";
import { defineVerb } from "../verb.ts";
import { applyStatuses } from "./applyStatuses.ts";

export const reportStatusInput = z.strictObject({ status: sandboxStatusSchema });

export const reportStatus = defineVerb({
  name: "sandbox.reportStatus",
  kind: "mutation",
  gate: { by: "node" },
  input: reportStatusInput,
  run: async (ctx, { status }): Promise<{ ok: true }> => {
    await withOrg(ctx.db, ctx.actor.orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      if ((await applyStatuses(tx, ctx, [status])) === 0) throw notFound();
    });
    return { ok: true };
  },
});
