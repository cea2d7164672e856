import { and, eq, type Tx, tables } from "@creel/db";
import type { NodeActor } from "../context.ts";
import { unauthenticated } from "../errors/errors.ts";
import { first } from "../stored.ts";

/** The acting node's own row. Asked in every verb of a node: one that was revoked stops being heard at once. */
export async function ownNode(tx: Tx, actor: NodeActor): Promise<typeof tables.nodes.$inferSelect> {
  const t = tables.nodes;
  const row = first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.orgId, actor.orgId), eq(t.id, actor.nodeId), eq(t.state, "active"))),
  );
  if (row === null) throw unauthenticated();
  return row;
}
