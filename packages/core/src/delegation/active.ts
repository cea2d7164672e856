import { and, eq, gt, isNull, type SQL, tables } from "@creel/db";

const d = tables.approvalDelegations;

/** Of an org, neither ended nor over. */
export const activeIn = (of: { orgId: string; now: Date }): SQL | undefined =>
  and(eq(d.orgId, of.orgId), isNull(d.endedAt), gt(d.until, of.now));
