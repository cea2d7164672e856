import { and, eq, notify, tables, withOrg } from "@creel/db";
import { type DesiredState, hostCapabilitiesSchema, modelInfoSchema } from "@creel/protocol";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { newestPlan } from "../plan/newest.ts";
import { planOpen } from "../plan/state.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { ownNode } from "./self.ts";

export const helloInput = z.strictObject({
  agentVersion: z.string().max(64),
  capabilities: hostCapabilitiesSchema,
  model: modelInfoSchema,
  generation: z.number().int().nonnegative(),
});

export const hello = defineVerb({
  name: "node.hello",
  kind: "mutation",
  gate: { by: "node" },
  input: helloInput,
  run: async (
    ctx,
    input,
  ): Promise<{
    nodeId: string;
    nodeName: string;
    orgSlug: string;
    generation: number;
    /** What to send now: a newer generation, or the same one when its outcome was never heard. */
    desired: DesiredState | null;
  }> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.nodes;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const before = await ownNode(tx, ctx.actor);
      const { agentVersion, capabilities, model, generation } = input;
      const change = { agentVersion, capabilities, model, generation, connected: true, lastSeenAt: ctx.clock() };
      await tx
        .update(t)
        .set(change)
        .where(and(eq(t.orgId, orgId), eq(t.id, nodeId)));
      await recordAudit(tx, ctx, orgId, {
        action: "node.connect",
        resource: { kind: "node", id: nodeId, label: before.name },
        changes: changesOf("nodes", before, { ...before, ...change }),
      });
      await notify(tx, { orgId, topic: "nodes", id: nodeId });
      const newest = await newestPlan(tx, { orgId, nodeId });
      const wanted = newest !== null && (newest.content.generation > generation || planOpen(newest.state));
      const org = first(await tx.select({ slug: tables.orgs.slug }).from(tables.orgs).where(eq(tables.orgs.id, orgId)));
      return {
        nodeId,
        nodeName: before.name,
        orgSlug: org?.slug ?? "",
        generation: newest?.content.generation ?? 0,
        desired: wanted ? newest.content : null,
      };
    });
  },
});
