import { and, eq, type Tx, tables } from "@creel/db";
import { describeActor, recordAudit } from "../audit/record.ts";
import { endSessions, expectSound, reachedBy } from "../authz/people.ts";
import { roleByKey } from "../authz/roleByKey.ts";
import type { Ctx } from "../context.ts";

type Row = typeof tables.roleGrants.$inferSelect;

/** Ends a grant with its audit row, and the sign-ins of whomever it reached. Under the caller's `lockPeople`; answers their number. */
export async function endGrant(tx: Tx, ctx: Ctx, row: Row, now: Date): Promise<number> {
  const g = tables.roleGrants;
  const { orgId, id } = row;
  const role = await roleByKey(tx, { orgId, key: row.role ?? row.customRoleId ?? "" });
  await tx
    .update(g)
    .set({ endedAt: now, endedBy: describeActor(ctx.actor).label })
    .where(and(eq(g.orgId, orgId), eq(g.id, id)));
  await expectSound(tx, { orgId, userIds: [], now });
  const userIds = await reachedBy(tx, row);
  const sessionsEnded = await endSessions(tx, { orgId, userIds, now });
  await recordAudit(tx, ctx, orgId, {
    action: "grant.end",
    resource: { kind: "grant", id, label: role.name },
    changes: { endedAt: { to: now.toISOString() }, sessionsEnded: { to: sessionsEnded } },
  });
  return sessionsEnded;
}
