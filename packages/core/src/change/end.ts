import { type ChangeEvent, next } from "@creel/approvals";
import { notify, type Tx } from "@creel/db";
import type { AuditAction } from "../audit/actions.ts";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { type ChangeRow, stateOf, updateChange } from "./row.ts";

interface Step {
  event: ChangeEvent;
  action: AuditAction;
  set?: Partial<ChangeRow>;
  reason?: string | undefined;
}

const ENDS = new Set(["applied", "rejected", "superseded", "expired", "withdrawn", "failed"]);

/** One move of a change, as the table of transitions allows it, with its audit row. */
export async function move(tx: Tx, ctx: Ctx, row: ChangeRow, step: Step): Promise<ChangeRow> {
  const to = next(stateOf(row), step.event);
  if (to === null) throw new CreelError("internal", `A change that is ${row.state} cannot ${step.event}.`);
  const now = ctx.clock();
  const ended = ENDS.has(to)
    ? { endedAt: now, endedBy: describeActor(ctx.actor).label, endedReason: step.reason ?? null }
    : {};
  const after = await updateChange(tx, row, { ...step.set, ...ended, state: to, updatedAt: now });
  await recordAudit(tx, ctx, row.orgId, {
    action: step.action,
    resource: { kind: "change", id: row.id, label: row.title },
    changes: changesOf("changes", row, after),
  });
  await notify(tx, { orgId: row.orgId, topic: "changes", id: row.id });
  return after;
}
