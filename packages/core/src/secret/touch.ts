import { and, eq, isNull, lt, or, type Tx, tables } from "@creel/db";
import type { Ctx, NodeActor } from "../context.ts";
import type { OwnDecision } from "../decision/sortJournal.ts";
import { boundSandboxes } from "./bound.ts";
import { USE_TOUCH_MS } from "./limits.ts";

/**
 * Remembers of secrets when they were last used, by what a node's journal says. A node can speak only of secrets that its own
 * sandboxes may use; of others its word changes nothing.
 */
export async function touchSecrets(
  tx: Tx,
  { actor, clock }: Pick<Ctx<NodeActor>, "actor" | "clock">,
  decisions: readonly OwnDecision[],
): Promise<void> {
  const used = decisions.filter(({ record }) => record.decision !== "deny" && (record.credentials?.length ?? 0) > 0);
  if (used.length === 0) return;
  const { orgId, nodeId } = actor;
  const bound = new Map((await boundSandboxes(tx, { orgId, nodeId })).map((sandbox) => [sandbox.id, sandbox.secrets]));
  const lastOf = new Map<string, string>();
  for (const { sandboxId, record } of used)
    for (const { secretId, name } of bound.get(sandboxId) ?? [])
      if (record.credentials?.includes(name) && record.time > (lastOf.get(secretId) ?? ""))
        lastOf.set(secretId, record.time);
  const t = tables.secrets;
  for (const [secretId, time] of [...lastOf].sort()) {
    // A node's clock may be ahead, or its word a lie.
    const at = new Date(Math.min(Date.parse(time), clock().getTime()));
    const before = new Date(at.getTime() - USE_TOUCH_MS);
    const due = or(isNull(t.lastUsedAt), lt(t.lastUsedAt, before));
    await tx
      .update(t)
      .set({ lastUsedAt: at })
      .where(and(eq(t.orgId, orgId), eq(t.id, secretId), due));
  }
}
