import { and, asc, eq, inArray, isNull, newId, notify, type Tx, tables } from "@creel/db";
import { type DesiredSandbox, type DesiredState, desiredStateSchema } from "@creel/protocol";
import type { AuditAction } from "../audit/actions.ts";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
import { CreelError } from "../errors/errors.ts";
import { exceptionsOfNode } from "../exception/desired.ts";
import { credentialsOfNode } from "../secret/bound.ts";
import { stored } from "../stored.ts";

/**
 * Locks nodes for planning. Every transaction that takes these rows takes them in one order, nodes (by id), then
 * sandboxes, then plans, so that changes and the nodes' own reports wait for each other and never in a circle. The lock
 * leaves the key alone: rows that merely refer to a node may be written beside it.
 */
export async function lockNodes(tx: Tx, where: { orgId: string; nodeIds: readonly string[] }): Promise<LockedNode[]> {
  const { nodes } = tables;
  return await tx
    .select({ id: nodes.id, name: nodes.name, parent: nodes.desiredGeneration })
    .from(nodes)
    .where(and(eq(nodes.orgId, where.orgId), inArray(nodes.id, [...where.nodeIds]), isNull(nodes.revokedAt)))
    .orderBy(asc(nodes.id))
    .for("no key update");
}

/**
 * Writes a new plan for each of these nodes, in the transaction of the change that calls for it. The node's row is
 * locked first, so generations are dense and a plan always holds every change committed before it.
 */
export async function makePlans(
  tx: Tx,
  ctx: Ctx,
  change: { orgId: string; nodeIds: readonly string[]; cause: AuditAction },
): Promise<string[]> {
  if (change.nodeIds.length === 0) return [];
  const locked = await lockNodes(tx, change);
  const planIds: string[] = [];
  for (const node of locked) planIds.push(await makePlan(tx, ctx, { ...change, node }));
  return planIds;
}

interface LockedNode {
  id: string;
  name: string;
  parent: number;
}

async function makePlan(
  tx: Tx,
  ctx: Ctx,
  { orgId, cause, node }: { orgId: string; cause: AuditAction; node: LockedNode },
): Promise<string> {
  const { plans, nodes } = tables;
  const now = ctx.clock();
  const id = newId(now);
  const generation = node.parent + 1;
  const content = desiredStateSchema.safeParse({
    planId: id,
    generation,
    parent: node.parent,
    sandboxes: await desiredSandboxes(tx, { orgId, nodeId: node.id, now }),
  } satisfies DesiredState);
  if (!content.success)
    throw new CreelError("invalid_input", `The node ${node.name} could not be told this: ${content.error.message}`);
  await tx
    .update(plans)
    .set({ state: "superseded", finishedAt: now, reason: `generation ${generation} replaced it before it was sent` })
    .where(and(eq(plans.orgId, orgId), eq(plans.nodeId, node.id), eq(plans.state, "pending")));
  const row = {
    orgId,
    id,
    nodeId: node.id,
    generation,
    parent: node.parent,
    state: "pending",
    cause,
    digest: digestOf(content.data),
    content: content.data,
    createdAt: now,
  };
  await tx.insert(plans).values(row);
  await tx
    .update(nodes)
    .set({ desiredGeneration: generation })
    .where(and(eq(nodes.orgId, orgId), eq(nodes.id, node.id)));
  await recordAudit(tx, ctx, orgId, {
    action: "plan.create",
    resource: { kind: "plan", id, label: `${node.name} generation ${generation}` },
    changes: changesOf("plans", null, row),
  });
  await notify(tx, { orgId, topic: "plans", id: node.id });
  return id;
}

async function desiredSandboxes(
  tx: Tx,
  where: { orgId: string; nodeId: string; now: Date },
): Promise<DesiredSandbox[]> {
  const { sandboxes: s, policies: p, policyVersions: v } = tables;
  const rows = await tx
    .select({ sandbox: s, version: v.version, digest: v.digest, yaml: v.yaml })
    .from(s)
    .innerJoin(p, and(eq(p.orgId, s.orgId), eq(p.id, s.policyId)))
    .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, p.latestVersion)))
    .where(and(eq(s.orgId, where.orgId), eq(s.nodeId, where.nodeId), isNull(s.removedAt)))
    .orderBy(asc(s.name));
  const credentials = await credentialsOfNode(tx, where);
  const exceptions = await exceptionsOfNode(tx, where);
  return rows.map(({ sandbox, version, digest, yaml }) => ({
    id: sandbox.id,
    name: sandbox.name,
    state: stored<DesiredSandbox["state"]>(sandbox.desiredState),
    // Left out where they say nothing, so that a plan without a kill or a release reads as plans always have.
    ...(sandbox.endBy === "kill" ? { end: "kill" as const } : {}),
    ...(sandbox.releases > 0 ? { releases: sandbox.releases } : {}),
    incarnation: sandbox.incarnation,
    agent: stored<DesiredSandbox["agent"]>(sandbox.agent),
    restart: stored<DesiredSandbox["restart"]>(sandbox.restart),
    limits: stored<DesiredSandbox["limits"]>(sandbox.limits),
    policy: { version, digest, yaml },
    ...(credentials.has(sandbox.id) ? { credentials: credentials.get(sandbox.id) } : {}),
    ...(exceptions.has(sandbox.id) ? { exceptions: exceptions.get(sandbox.id) } : {}),
  }));
}

/** After the commit: nudges the workers. A queue that is away does not undo the change; the sweeper asks again. */
export async function deliverPlans(ctx: Ctx, orgId: string, planIds: readonly string[]): Promise<void> {
  await Promise.allSettled(
    planIds.map((planId) => ctx.jobs.enqueue("plan.deliver", { orgId, planId }, { jobId: `plan-${planId}` })),
  );
}
