import { and, eq, type Tx, tables } from "@creel/db";
import type { EndCause, SandboxStatus } from "@creel/protocol";
import { recordAudit } from "../audit/record.ts";
import type { Ctx, NodeActor } from "../context.ts";
import type { SandboxHold } from "../views.ts";

/** Ends that a limit brought about; an agent that merely ended is in its own status. */
const LIMIT_CAUSES: readonly EndCause[] = ["memory", "processes", "workspace", "lifetime", "idle"];

interface News {
  name: string;
  before: SandboxStatus | null;
  now: SandboxStatus;
}

/** What of a status belongs on record: a node does these things by itself, and nobody else would write them down. */
export async function recordStatusNews(tx: Tx, ctx: Ctx<NodeActor>, { name, before, now }: News): Promise<void> {
  const { orgId, nodeId } = ctx.actor;
  const resource = { kind: "sandbox", id: now.id, label: name };
  const { policyRefused: refused, held } = now;
  const known = before?.policyRefused;
  if (refused && (refused.digest !== known?.digest || refused.outcome !== known.outcome))
    await recordAudit(tx, ctx, orgId, {
      action: "sandbox.policyRefused",
      resource,
      changes: {
        digest: { to: refused.digest },
        version: { to: refused.version },
        reason: { to: refused.reason },
        outcome: { to: refused.outcome },
      },
    });
  // Once for each run of failures: an agent that is started again and again must not fill the record.
  const cause = now.cause ?? null;
  if (cause !== null && cause !== before?.cause && LIMIT_CAUSES.includes(cause) && now.restarts === 0)
    await recordAudit(tx, ctx, orgId, {
      action: "sandbox.ended",
      resource,
      changes: { cause: { to: cause }, reason: { to: now.reason } },
    });
  if (held && before?.held?.since !== held.since) {
    const t = tables.sandboxes;
    const hold: SandboxHold = { by: ctx.actor.name ?? nodeId, reason: held.reason, at: held.since };
    // Only from running, and only at the count of releases it was held at: a late word of a node must not undo a person's release.
    const taken = await tx
      .update(t)
      .set({ desiredState: "quarantined", hold })
      .where(
        and(
          eq(t.orgId, orgId),
          eq(t.id, now.id),
          eq(t.nodeId, nodeId),
          eq(t.desiredState, "running"),
          eq(t.releases, held.releases),
        ),
      )
      .returning({ id: t.id });
    if (taken.length > 0)
      await recordAudit(tx, ctx, orgId, {
        action: "sandbox.quarantine",
        resource,
        changes: { desiredState: { from: "running", to: "quarantined" }, reason: { to: held.reason } },
      });
  }
}
