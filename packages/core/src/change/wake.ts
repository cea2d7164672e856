import type { Ctx } from "../context.ts";
import type { ChangeRow } from "./row.ts";

/** After the commit: a nudge for the instant at which a scheduled change is due. A queue that is away is made good by the sweep. */
export async function wakeAt(ctx: Ctx, row: Pick<ChangeRow, "orgId" | "id" | "state" | "applyAt">): Promise<void> {
  if (row.applyAt === null || (row.state !== "open" && row.state !== "approved")) return;
  await nudge(ctx, row, row.applyAt);
}

/** The same for the end of what was applied by break-glass. */
export const wakeAtEnd = async (ctx: Ctx, row: Pick<ChangeRow, "orgId" | "id">, endsAt: Date): Promise<void> =>
  await nudge(ctx, row, endsAt);

async function nudge(ctx: Ctx, row: Pick<ChangeRow, "orgId" | "id">, at: Date): Promise<void> {
  const delayMs = Math.max(0, at.getTime() - ctx.clock().getTime());
  const jobId = `change-${row.id}-${at.getTime()}`;
  await Promise.allSettled([
    ctx.jobs.enqueue("change.settle", { orgId: row.orgId, changeId: row.id }, { jobId, delayMs }),
  ]);
}
