import { and, eq, type Tx, tables } from "@creel/db";
import type { Labels } from "../authz/grant.ts";
import { nodeLabels, policyLabels, sandboxLabels } from "../authz/scopeSql.ts";
import { first, stored } from "../stored.ts";

const { changes: c, nodes: n, policies: p, sandboxes: s } = tables;

/** The labels of each thing that an audit row is about: none where it has none or is gone. */
export async function labelsOfThing(
  tx: Tx,
  orgId: string,
  thing: { kind: string; id: string | null },
): Promise<readonly Labels[]> {
  if (thing.id === null) return [];
  const found = first(await find(tx, orgId, thing.kind, thing.id));
  if (found === null) return [];
  return thing.kind === "change" ? stored<Labels[]>(found.labels) : [stored<Labels>(found.labels)];
}

async function find(tx: Tx, orgId: string, kind: string, id: string): Promise<{ labels: unknown }[]> {
  if (kind === "node")
    return await tx
      .select({ labels: nodeLabels })
      .from(n)
      .where(and(eq(n.orgId, orgId), eq(n.id, id)));
  if (kind === "change")
    return await tx
      .select({ labels: c.touches })
      .from(c)
      .where(and(eq(c.orgId, orgId), eq(c.id, id)));
  if (kind === "policy")
    return await tx
      .select({ labels: policyLabels })
      .from(p)
      .where(and(eq(p.orgId, orgId), eq(p.id, id)));
  if (kind === "sandbox")
    return await tx
      .select({ labels: sandboxLabels })
      .from(s)
      .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
      .where(and(eq(s.orgId, orgId), eq(s.id, id)));
  return [];
}
