import { withOrg } from "@creel/db";
import type { DesiredState } from "@creel/protocol";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { hubOrg } from "./hubOrg.ts";
import { newestPlan } from "./newest.ts";

export const desiredForInput = z.strictObject({ orgId: z.uuid().optional(), nodeId: z.uuid() });

/** The newest plan of a node, whatever became of it. */
export const desiredFor = defineVerb({
  name: "plan.desiredFor",
  kind: "query",
  gate: { by: "hub" },
  input: desiredForInput,
  run: async (ctx, input): Promise<DesiredState | null> => {
    const orgId = hubOrg(ctx.actor, input.orgId);
    if (ctx.actor.kind === "node" && ctx.actor.nodeId !== input.nodeId) throw notFound();
    const newest = await withOrg(ctx.db, orgId, (tx) => newestPlan(tx, { orgId, nodeId: input.nodeId }));
    return newest?.content ?? null;
  },
});
