import { type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Ctx, UserActor } from "../context.ts";
import { type ChangeRow, updateChange } from "./row.ts";

interface Given {
  verdict: "approve" | "reject";
  comment: string;
}

/** Writes a person's vote for what the change says now, in the place of an earlier one. The change must be locked. */
export async function castVote(tx: Tx, ctx: Ctx<UserActor>, change: ChangeRow, given: Given): Promise<ChangeRow> {
  const { orgId } = change;
  const order = change.lastVote + 1;
  const cast = {
    orgId,
    changeId: change.id,
    digest: change.digest,
    voterId: ctx.actor.userId,
    voter: describeActor(ctx.actor).label,
    ...given,
    order,
    castAt: ctx.clock(),
  };
  const v = tables.changeVotes;
  await tx
    .insert(v)
    .values(cast)
    .onConflictDoUpdate({ target: [v.orgId, v.changeId, v.digest, v.voterId], set: cast });
  const counted = await updateChange(tx, change, { lastVote: order, updatedAt: ctx.clock() });
  await recordAudit(tx, ctx, orgId, {
    action: "change.vote",
    resource: { kind: "change", id: change.id, label: change.title },
    changes: changesOf("changeVotes", null, cast),
  });
  return counted;
}
