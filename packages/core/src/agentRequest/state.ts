import { and, eq, sql, type Tx, tables } from "@creel/db";
import type { AgentRequestAnswer } from "@creel/protocol";
import type { AgentRequestState } from "../exceptionViews.ts";
import { first, stored } from "../stored.ts";

type Row = Pick<typeof tables.agentRequests.$inferSelect, "id" | "orgId" | "state" | "answer" | "changeId">;

/** Before what the person wrote who answered: the agent goes on waiting, and knows for what. */
const WAITS_FOR_APPROVALS = "Waiting for approvals.";

/** What the agent is told. While others have to approve it, it waits as before, and hears that it does; of whom, is not its business. */
export function answerOf({ id, state, answer }: Pick<Row, "id" | "state" | "answer">): AgentRequestAnswer {
  if (state === "proposed") return { id, state: "waiting", answer: `${WAITS_FOR_APPROVALS} ${answer}`.trim() };
  return { id, state: stored<Exclude<AgentRequestState, "proposed">>(state), answer };
}

/** What people wrote to each other about the change, and what other changes are called, is none of the agent's business. */
const NOT_APPROVED: Readonly<Record<string, string>> = {
  rejected: "It was not approved.",
  superseded: "It was not approved: something else was changed before it.",
  expired: "It was not approved in time.",
  withdrawn: "It was withdrawn.",
  failed: "It could not be put in force.",
};

/** What became of a request whose change, or whose time, has ended since; null when nothing did. */
export async function endedChange(
  tx: Tx,
  row: Row,
  now: Date,
): Promise<{ state: "denied" | "over"; answer: string } | null> {
  const { changes: c, egressExceptions: e } = tables;
  if (row.changeId === null) return null;
  if (row.state === "proposed") {
    const mine = and(eq(c.orgId, row.orgId), eq(c.id, row.changeId));
    const change = first(await tx.select({ state: c.state }).from(c).where(mine));
    const answer = NOT_APPROVED[change?.state ?? ""];
    return answer === undefined ? null : { state: "denied", answer };
  }
  if (row.state !== "allowed") return null;
  const granted = and(eq(e.orgId, row.orgId), eq(e.changeId, row.changeId));
  const found = first(
    await tx
      .select({
        inForce: sql<boolean>`bool_or(${e.endedAt} is null and ${e.until} > ${now.toISOString()}::timestamptz)`,
      })
      .from(e)
      .where(granted),
  );
  return found?.inForce !== true ? { state: "over", answer: "Its time is over." } : null;
}

/** What its agent may be told now: that it is allowed only once its node has a plan that says so, so that who asks again is not denied. */
export async function answerNow(tx: Tx, row: Row, now: Date): Promise<AgentRequestAnswer> {
  const ended = await endedChange(tx, row, now);
  if (ended !== null) return answerOf({ ...row, ...ended });
  if (row.state !== "allowed" || row.changeId === null) return answerOf(row);
  const c = tables.changes;
  const mine = and(eq(c.orgId, row.orgId), eq(c.id, row.changeId));
  const change = first(await tx.select({ plannedAt: c.plannedAt }).from(c).where(mine));
  return change?.plannedAt === null ? { id: row.id, state: "waiting", answer: "" } : answerOf(row);
}
