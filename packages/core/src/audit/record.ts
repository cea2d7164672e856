import { newId, notify, type Tx, tables } from "@creel/db";
import type { Actor, Ctx } from "../context.ts";
import { tellOfAudit } from "../notice/fromAudit.ts";
import { labelOfKey } from "../token/name.ts";
import { type AuditedTable, auditedColumns, type Tracking } from "./columns.ts";
import type { AuditEntry, Changes } from "./entry.ts";

type Row = Readonly<Record<string, unknown>>;

/** Writes the audit row of a mutation in the mutation's own transaction: both happen, or neither. */
export async function recordAudit(tx: Tx, ctx: Ctx, orgId: string, entry: AuditEntry): Promise<void> {
  const at = ctx.clock();
  const who = describeActor(ctx.actor);
  await tx.insert(tables.auditEvents).values({
    orgId,
    id: newId(at),
    at,
    action: entry.action,
    actorKind: who.kind,
    actorId: who.id,
    actorLabel: who.label,
    resourceKind: entry.resource.kind,
    resourceId: entry.resource.id,
    resourceLabel: entry.resource.label,
    changes: entry.changes ?? {},
    requestId: ctx.requestId,
    source: ctx.source ?? null,
  });
  await notify(tx, { orgId, topic: "audit" });
  await tellOfAudit(tx, { orgId, at, by: who.label }, entry);
}

/** What differs between two states of a row, as far as its table's declaration lets it be said. */
export function changesOf(table: AuditedTable, before: Row | null, after: Row | null): Changes {
  const declared: Readonly<Record<string, Tracking>> = auditedColumns[table];
  const changes: Changes = {};
  for (const [column, tracking] of Object.entries(declared)) {
    if (tracking === "ignore") continue;
    const [from, to] = [before?.[column] ?? null, after?.[column] ?? null];
    if (JSON.stringify(from) === JSON.stringify(to)) continue;
    if (tracking === "secret") changes[column] = {};
    else changes[column] = { ...(from === null ? {} : { from }), ...(to === null ? {} : { to }) };
  }
  return changes;
}

export function describeActor(actor: Actor | null): { kind: Actor["kind"]; id: string | null; label: string } {
  switch (actor?.kind) {
    case "user":
      return { kind: "user", id: actor.userId, label: actor.email };
    case "apiKey":
      return { kind: "apiKey", id: actor.tokenId, label: labelOfKey(actor) };
    case "node":
      return { kind: "node", id: actor.nodeId, label: actor.name ?? actor.nodeId };
    case "system":
      return { kind: "system", id: null, label: actor.reason };
    case undefined:
      return { kind: "system", id: null, label: "nobody" };
  }
}
