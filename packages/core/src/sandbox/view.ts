import { and, asc, eq, isNull, type SQL, type Tx, tables } from "@creel/db";
import type { SandboxStatus } from "@creel/protocol";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import { PAGE_MAX } from "../limits.ts";
import { isConnected } from "../node/view.ts";
import { iso, stored, storedOrNull } from "../stored.ts";
import type { SandboxView } from "../views.ts";

const { sandboxes: s, nodes: n, policies: p, policyVersions: v } = tables;

export async function sandboxViews(
  tx: Tx,
  query: {
    orgId: string;
    sandboxId?: string | undefined;
    nodeId?: string | undefined;
    /** What the asking person may see, of sandboxes with their nodes. */
    within?: SQL | undefined;
    now: Date;
  },
): Promise<SandboxView[]> {
  const rows = await tx
    .select({
      sandbox: s,
      node: { name: n.name, connected: n.connected, lastSeenAt: n.lastSeenAt, labels: n.labels },
      policyName: p.name,
      policyVersion: v.version,
      policyDigest: v.digest,
    })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .innerJoin(p, and(eq(p.orgId, s.orgId), eq(p.id, s.policyId)))
    .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, p.latestVersion)))
    .where(
      and(
        eq(s.orgId, query.orgId),
        isNull(s.removedAt),
        query.sandboxId === undefined ? undefined : eq(s.id, query.sandboxId),
        query.nodeId === undefined ? undefined : eq(s.nodeId, query.nodeId),
        query.within,
      ),
    )
    .orderBy(asc(s.name))
    .limit(PAGE_MAX);
  return rows.map(({ sandbox, node, policyName, policyVersion, policyDigest }) => ({
    id: sandbox.id,
    name: sandbox.name,
    labels: labelsOnNode(stored<Labels>(sandbox.labels), stored<Labels>(node.labels)),
    nodeId: sandbox.nodeId,
    nodeName: node.name,
    nodeConnected: isConnected(node, query.now),
    policyId: sandbox.policyId,
    policyName,
    policyVersion,
    policyDigest,
    desiredState: stored<SandboxView["desiredState"]>(sandbox.desiredState),
    hold: storedOrNull<SandboxView["hold"]>(sandbox.hold),
    incarnation: sandbox.incarnation,
    agent: stored<SandboxView["agent"]>(sandbox.agent),
    restart: stored<SandboxView["restart"]>(sandbox.restart),
    limits: stored<SandboxView["limits"]>(sandbox.limits),
    status: storedOrNull<SandboxStatus>(sandbox.status),
    createdAt: iso(sandbox.createdAt),
  }));
}
