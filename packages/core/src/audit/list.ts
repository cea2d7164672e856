import { and, desc, eq, lt, or, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import type { Actor } from "../context.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { iso, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { AuditView } from "../views.ts";
import { auditActions } from "./actions.ts";

export const listInput = z.strictObject({
  /** The id of the last row seen; older ones follow. */
  before: z.uuid().optional(),
  action: z.enum(auditActions).optional(),
  /** Exact label or id of who did it. */
  actor: z.string().max(256).optional(),
  /** A kind of thing, or the id of one. */
  resource: z.string().max(256).optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});
type Input = z.output<typeof listInput>;
interface AuditPage {
  items: AuditView[];
  nextBefore: string | null;
}

export const list = defineVerb({
  name: "audit.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "audit" },
  input: listInput,
  run: (ctx, input): Promise<AuditPage> => withOrg(ctx.db, ctx.actor.orgId, (tx) => pageOf(tx, ctx.actor.orgId, input)),
});

/** One page of what is taken out of Creel, where it is under no right of Creel's any more: its own permission. */
export const exportPage = defineVerb({
  name: "audit.exportPage",
  kind: "query",
  gate: { by: "person", action: "export", on: "audit" },
  input: listInput,
  run: (ctx, input): Promise<AuditPage> => withOrg(ctx.db, ctx.actor.orgId, (tx) => pageOf(tx, ctx.actor.orgId, input)),
});

async function pageOf(tx: Tx, orgId: string, input: Input): Promise<AuditPage> {
  const t = tables.auditEvents;
  const rows = await tx
    .select()
    .from(t)
    .where(
      and(
        eq(t.orgId, orgId),
        input.before === undefined ? undefined : lt(t.id, input.before),
        input.action === undefined ? undefined : eq(t.action, input.action),
        input.actor === undefined ? undefined : or(eq(t.actorLabel, input.actor), eq(t.actorId, input.actor)),
        input.resource === undefined
          ? undefined
          : or(eq(t.resourceKind, input.resource), eq(t.resourceId, input.resource)),
      ),
    )
    .orderBy(desc(t.id))
    .limit(input.limit);
  return { items: rows.map(toView), nextBefore: rows.length === input.limit ? (rows.at(-1)?.id ?? null) : null };
}

const toView = (row: typeof tables.auditEvents.$inferSelect): AuditView => ({
  id: row.id,
  at: iso(row.at),
  action: row.action,
  actor: { kind: stored<Actor["kind"]>(row.actorKind), id: row.actorId, label: row.actorLabel },
  resource: { kind: row.resourceKind, id: row.resourceId, label: row.resourceLabel },
  changes: stored<AuditView["changes"]>(row.changes),
  requestId: row.requestId,
  source: row.source,
});
