import { and, asc, eq, isNull, type SQL, sql, type Tx, tables } from "@creel/db";
import type { Labels } from "../authz/grant.ts";
import { PAGE_MAX } from "../limits.ts";
import { iso, stored } from "../stored.ts";
import type { PolicyDetail, PolicyView } from "../views.ts";

const { policies: p, policyVersions: v, sandboxes: s } = tables;

export async function policyDetails(
  tx: Tx,
  /** `within`: what the asking person may see, of the rows of `policies`. */
  query: { orgId: string; policyId?: string | undefined; within?: SQL | undefined },
): Promise<PolicyDetail[]> {
  const rows = await tx
    .select({
      policy: p,
      digest: v.digest,
      yaml: v.yaml,
      sandboxCount: sql<number>`(select count(*)::int from ${s} where ${s.orgId} = ${p.orgId} and ${s.policyId} = ${p.id} and ${isNull(s.removedAt)})`,
    })
    .from(p)
    .innerJoin(v, and(eq(v.orgId, p.orgId), eq(v.policyId, p.id), eq(v.version, p.latestVersion)))
    .where(
      and(eq(p.orgId, query.orgId), query.policyId === undefined ? undefined : eq(p.id, query.policyId), query.within),
    )
    .orderBy(asc(p.name))
    .limit(PAGE_MAX);
  return rows.map(({ policy, digest, yaml, sandboxCount }) => ({
    id: policy.id,
    name: policy.name,
    labels: stored<Labels>(policy.labels),
    latestVersion: policy.latestVersion,
    digest,
    sandboxCount,
    createdAt: iso(policy.createdAt),
    updatedAt: iso(policy.updatedAt),
    yaml,
  }));
}

export const withoutText = ({ yaml: _, ...view }: PolicyDetail): PolicyView => view;
