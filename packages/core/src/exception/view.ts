import { and, desc, eq, gt, isNull, lte, or, type SQL, type Tx, tables } from "@creel/db";
import type { ExceptionView } from "../exceptionViews.ts";
import { iso, isoOrNull } from "../stored.ts";

const { egressExceptions: e, sandboxes: s, nodes: n } = tables;

export const exceptionLabel = (view: Pick<ExceptionView, "sandboxName" | "host" | "port">): string =>
  `${view.sandboxName}: ${view.host}:${view.port}`;

interface Query {
  orgId: string;
  now: Date;
  exceptionId?: string | undefined;
  sandboxId?: string | undefined;
  /** True: those in force; false: those that are over. */
  active?: boolean | undefined;
  within?: SQL | undefined;
  limit: number;
}

/** Newest first. */
export async function exceptionViews(tx: Tx, query: Query): Promise<ExceptionView[]> {
  const { now, active } = query;
  const rows = await tx
    .select({ exception: e, sandboxName: s.name })
    .from(e)
    .innerJoin(s, and(eq(s.orgId, e.orgId), eq(s.id, e.sandboxId)))
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(
      and(
        eq(e.orgId, query.orgId),
        query.exceptionId === undefined ? undefined : eq(e.id, query.exceptionId),
        query.sandboxId === undefined ? undefined : eq(e.sandboxId, query.sandboxId),
        active === true ? and(isNull(e.endedAt), gt(e.until, now)) : undefined,
        active === false ? or(lte(e.until, now), gt(e.endedAt, new Date(0))) : undefined,
        query.within,
      ),
    )
    .orderBy(desc(e.id))
    .limit(query.limit);
  return rows.map(({ exception, sandboxName }) => toView(exception, sandboxName, now));
}

function toView(row: typeof e.$inferSelect, sandboxName: string, now: Date): ExceptionView {
  const { id, sandboxId, changeId, binary, sha256, host, port, method, path, once, reason, grantedBy } = row;
  return {
    ...{ id, sandboxId, sandboxName, changeId, binary, host, port, once, reason, grantedBy },
    ...(sha256 === null ? {} : { sha256 }),
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
    createdAt: iso(row.createdAt),
    until: iso(row.until),
    state: stateOf(row, now),
    endedAt: isoOrNull(row.endedAt),
    endedBy: row.endedBy,
    firstUsedAt: isoOrNull(row.firstUsedAt),
    lastUsedAt: isoOrNull(row.lastUsedAt),
  };
}

function stateOf(row: typeof e.$inferSelect, now: Date): ExceptionView["state"] {
  if (row.endedAt !== null) return "ended";
  if (row.once && row.firstUsedAt !== null) return "used";
  return row.until <= now ? "over" : "active";
}
