import { and, asc, desc, eq, gt, lt, type SQL, type Tx, tables } from "@creel/db";
import type { BinaryIdentity, DecisionRecord } from "@creel/protocol";
import { iso, stored, storedOrNull } from "../stored.ts";
import type { DecisionView } from "../views.ts";

const { decisions: d, nodes: n, sandboxes: s, orgs: o } = tables;

export interface DecisionQuery {
  orgId: string;
  cursor?: number | undefined;
  /** What the asking person may see, of decisions with their sandboxes and nodes. */
  within?: SQL | undefined;
  sandboxId?: string | undefined;
  nodeId?: string | undefined;
  decision?: DecisionRecord["decision"] | undefined;
  kind?: DecisionRecord["kind"] | undefined;
  before?: number | undefined;
  after?: number | undefined;
  limit: number;
}

/** What was asked and answered, as a row keeps it; a page shows it and a replay judges it again. */
export const answeredRequest = (row: typeof d.$inferSelect) => ({
  time: iso(row.time),
  kind: stored<DecisionRecord["kind"]>(row.kind),
  binary: storedOrNull<BinaryIdentity>(row.binary),
  host: row.host,
  port: row.port,
  protocol: row.protocol,
  method: row.method,
  path: row.path,
  decision: stored<DecisionRecord["decision"]>(row.decision),
  rule: row.rule,
  reason: row.reason,
});

/** Newest first; with `after`, oldest first from there. */
export async function decisionViews(tx: Tx, query: DecisionQuery): Promise<DecisionView[]> {
  const rows = await tx
    .select({ decision: d, nodeName: n.name, sandboxName: s.name, orgSlug: o.slug })
    .from(d)
    .innerJoin(n, and(eq(n.orgId, d.orgId), eq(n.id, d.nodeId)))
    .innerJoin(s, and(eq(s.orgId, d.orgId), eq(s.id, d.sandboxId)))
    .innerJoin(o, eq(o.id, d.orgId))
    .where(
      and(
        eq(d.orgId, query.orgId),
        query.cursor === undefined ? undefined : eq(d.cursor, query.cursor),
        query.sandboxId === undefined ? undefined : eq(d.sandboxId, query.sandboxId),
        query.nodeId === undefined ? undefined : eq(d.nodeId, query.nodeId),
        query.decision === undefined ? undefined : eq(d.decision, query.decision),
        query.kind === undefined ? undefined : eq(d.kind, query.kind),
        query.before === undefined ? undefined : lt(d.cursor, query.before),
        query.after === undefined ? undefined : gt(d.cursor, query.after),
        query.within,
      ),
    )
    .orderBy(query.after === undefined ? desc(d.cursor) : asc(d.cursor))
    .limit(query.limit);
  return rows.map(({ decision: row, nodeName, sandboxName, orgSlug }) => ({
    id: String(row.cursor),
    cursor: row.cursor,
    boot: row.boot,
    nodeId: row.nodeId,
    sandboxId: row.sandboxId,
    ...answeredRequest(row),
    org: orgSlug,
    node: nodeName,
    sandbox: sandboxName,
    seq: row.seq,
    policyDigest: row.policyDigest,
    generation: row.generation,
    ...(row.credentials === null ? {} : { credentials: stored<string[]>(row.credentials) }),
    bytesIn: row.bytesIn,
    bytesOut: row.bytesOut,
    durationMs: row.durationMs,
  }));
}
