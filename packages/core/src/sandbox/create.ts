import { and, eq, isNull, newId, notify, type Tx, tables, withOrg } from "@creel/db";
import { agentSpecSchema, desiredSandboxSchema, limitsSchema } from "@creel/protocol";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { labelsSchema } from "../authz/fields.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import { authorizeRelabel } from "../authz/relabel.ts";
import { visibleNodes, visiblePolicies } from "../authz/scopeSql.ts";
import { asTheyStand } from "../change/proposer.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { violatesUnique } from "../errors/database.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { slugSchema } from "../limits.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { expectWrittenFor } from "../policy/expectWrittenFor.ts";
import { holdBindings } from "../secret/drawn.ts";
import { stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { sandboxViews } from "./view.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  nodeId: z.uuid(),
  policyId: z.uuid(),
  /** The node's labels count as well, and before these. */
  labels: labelsSchema.default({}),
  agent: agentSpecSchema,
  restart: desiredSandboxSchema.shape.restart.default({ policy: "on-failure", delayMs: 5_000 }),
  limits: limitsSchema.prefault({}),
});

export const create = defineVerb({
  name: "sandbox.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "sandbox" },
  proof: true,
  input: createInput,
  run: async (ctx, input): Promise<SandboxView> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const row = { orgId, id: newId(now), ...input, desiredState: "running", incarnation: 0, createdAt: now };
    try {
      const made = await withOrg(ctx.db, orgId, async (tx) => {
        const { actor } = await asTheyStand(tx, ctx, { action: "create", on: "sandbox" });
        await holdBindings(tx, orgId);
        const labels = await expectNodeAndPolicy(tx, actor, row);
        await expectWrittenFor({ tx, orgId, now }, { policyId: row.policyId, labels });
        await tx.insert(tables.sandboxes).values(row);
        await recordAudit(tx, ctx, orgId, {
          action: "sandbox.create",
          resource: { kind: "sandbox", id: row.id, label: row.name },
          changes: changesOf("sandboxes", null, row),
        });
        const planIds = await makePlans(tx, ctx, { orgId, nodeIds: [row.nodeId], cause: "sandbox.create" });
        await notify(tx, { orgId, topic: "sandboxes", id: row.id });
        const [view] = await sandboxViews(tx, { orgId, sandboxId: row.id, now });
        if (view === undefined) throw notFound();
        return { view, planIds };
      });
      await deliverPlans(ctx, orgId, made.planIds);
      return made.view;
    } catch (error) {
      if (violatesUnique(error, "sandboxes_name"))
        throw new CreelError("conflict", `A sandbox called ${input.name} exists already. Choose another name.`);
      throw error;
    }
  },
});

/** The composite foreign keys would refuse as well; this says it as what it is: nothing there that you may see. Answers its labels there. */
async function expectNodeAndPolicy(
  tx: Tx,
  actor: UserActor | ApiKeyActor,
  row: { orgId: string; nodeId: string; policyId: string; labels: Labels },
): Promise<Labels> {
  const { nodes, policies } = tables;
  const [node = null] = await tx
    .select({ labels: nodes.labels })
    .from(nodes)
    .where(and(eq(nodes.orgId, row.orgId), eq(nodes.id, row.nodeId), isNull(nodes.revokedAt), visibleNodes(actor)));
  const policy = await tx
    .select({ id: policies.id })
    .from(policies)
    .where(and(eq(policies.orgId, row.orgId), eq(policies.id, row.policyId), visiblePolicies(actor)));
  if (node === null || policy.length === 0) throw notFound();
  const under = stored<Labels>(node.labels);
  const labels = labelsOnNode(row.labels, under);
  authorizeOn(actor, { action: "create", kind: "sandbox", labels });
  authorizeRelabel(actor, { action: "create", kind: "sandbox", from: {}, to: row.labels, under });
  return labels;
}
