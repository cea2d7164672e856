import { and, eq, type Tx, tables } from "@creel/db";
import type { Ctx, NodeActor } from "../context.ts";
import type { OwnDecision } from "../decision/sortJournal.ts";
import { first } from "../stored.ts";

const RULE = /^exception:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** Remembers when exceptions were used, by the journal. A node speaks only of those of its own sandboxes. */
export async function touchExceptions(
  tx: Tx,
  { actor, clock }: Pick<Ctx<NodeActor>, "actor" | "clock">,
  decisions: readonly OwnDecision[],
): Promise<void> {
  const used = new Map<string, { sandboxId: string; first: number; last: number }>();
  for (const { sandboxId, record } of decisions) {
    const id = record.decision === "deny" ? undefined : RULE.exec(record.rule ?? "")?.[1];
    if (id === undefined) continue;
    // A node's clock may be ahead, or its word a lie.
    const at = Math.min(Date.parse(record.time), clock().getTime());
    const known = used.get(id) ?? { sandboxId, first: at, last: at };
    used.set(id, { sandboxId, first: Math.min(known.first, at), last: Math.max(known.last, at) });
  }
  const { egressExceptions: e } = tables;
  for (const [id, { sandboxId, first: from, last: to }] of [...used].sort()) {
    const mine = and(eq(e.orgId, actor.orgId), eq(e.id, id), eq(e.sandboxId, sandboxId));
    const row = first(await tx.select({ from: e.firstUsedAt, to: e.lastUsedAt }).from(e).where(mine));
    if (row === null) continue;
    const firstUsedAt = new Date(Math.min(row.from?.getTime() ?? from, from));
    const lastUsedAt = new Date(Math.max(row.to?.getTime() ?? to, to));
    await tx.update(e).set({ firstUsedAt, lastUsedAt }).where(mine);
  }
}
