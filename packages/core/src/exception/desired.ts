import { and, asc, eq, gt, isNull, type Tx, tables } from "@creel/db";
import { type DesiredException, EXCEPTIONS_PER_SANDBOX_MAX } from "@creel/protocol";
import { iso } from "../stored.ts";

/** What the sandboxes of a node may reach beside their policies at this moment, by sandbox. */
export async function exceptionsOfNode(
  tx: Tx,
  { orgId, nodeId, now }: { orgId: string; nodeId: string; now: Date },
): Promise<Map<string, DesiredException[]>> {
  const { egressExceptions: e, sandboxes: s } = tables;
  const rows = await tx
    .select({ exception: e })
    .from(e)
    .innerJoin(s, and(eq(s.orgId, e.orgId), eq(s.id, e.sandboxId)))
    .where(and(eq(e.orgId, orgId), eq(s.nodeId, nodeId), isNull(e.endedAt), gt(e.until, now)))
    .orderBy(asc(e.id));
  const found = new Map<string, DesiredException[]>();
  for (const { exception } of rows) {
    const of = found.get(exception.sandboxId) ?? [];
    // More than a plan holds cannot be granted; should they be there all the same, the newest are left out.
    if (of.length < EXCEPTIONS_PER_SANDBOX_MAX) of.push(desired(exception));
    found.set(exception.sandboxId, of);
  }
  return found;
}

function desired(row: typeof tables.egressExceptions.$inferSelect): DesiredException {
  const { id, binary, sha256, host, port, method, path, once, createdAt, until } = row;
  return {
    ...{ id, binary, host, port, once },
    ...(sha256 === null ? {} : { sha256 }),
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
    createdAt: iso(createdAt),
    until: iso(until),
  };
}
