import { and, eq, inArray, notify, sql, type Tx, tables, withOrg } from "@creel/db";
import { AGENT_REQUESTS_MAX, type AgentRequestAnswer, agentRequestSchema } from "@creel/protocol";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { CreelError } from "../errors/errors.ts";
import { canonicalScope, scopeSentence } from "../exception/scope.ts";
import { ownNode } from "../node/self.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { answerNow, answerOf, endedChange } from "./state.ts";

export const askInput = z.strictObject({ requests: z.array(agentRequestSchema).max(AGENT_REQUESTS_MAX) });
type Asked = z.output<typeof agentRequestSchema>;

/** What waits of one sandbox at once; more is a flood, and a flood is not read by anybody. */
const WAITING_PER_SANDBOX_MAX = 32;
const TOO_MANY = "Too many requests of this sandbox wait already.";
type Row = typeof tables.agentRequests.$inferSelect;
type Asking = typeof tables.agentRequests.$inferInsert;

/**
 * What agents ask for, and what became of it. Threat: an agent that nobody watches grants itself something, or drowns what others ask.
 * Invariant: asking changes nothing but a list; the same thing is the same request, and one that was denied stays denied; a node asks for
 * its own sandboxes alone.
 */
export const ask = defineVerb({
  name: "agentRequest.ask",
  kind: "mutation",
  gate: { by: "node" },
  input: askInput,
  run: async (ctx, { requests }): Promise<{ answers: AgentRequestAnswer[] }> => {
    const { orgId, nodeId } = ctx.actor;
    const { sandboxes: s } = tables;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const own = await tx
        .select({ id: s.id, name: s.name })
        .from(s)
        .where(
          and(
            eq(s.orgId, orgId),
            eq(s.nodeId, nodeId),
            inArray(
              s.id,
              requests.map(({ sandboxId }) => sandboxId),
            ),
          ),
        );
      const nameOf = new Map(own.map(({ id, name }) => [id, name]));
      const answers: AgentRequestAnswer[] = [];
      for (const asked of requests) {
        const sandboxName = nameOf.get(asked.sandboxId);
        if (sandboxName === undefined)
          answers.push({ id: asked.id, state: "denied", answer: "There is no such sandbox." });
        else answers.push(await one(tx, { ctx, orgId, sandboxName, asked }));
      }
      return { answers };
    });
  },
});

async function one(
  tx: Tx,
  given: { ctx: Parameters<typeof recordAudit>[1]; orgId: string; sandboxName: string; asked: Asked },
): Promise<AgentRequestAnswer> {
  const { ctx, orgId, sandboxName, asked } = given;
  const { agentRequests: r } = tables;
  const mine = and(eq(r.orgId, orgId), eq(r.id, asked.id), eq(r.sandboxId, asked.sandboxId));
  const known = first(await tx.select().from(r).where(mine));
  const now = ctx.clock();
  if (known !== null) {
    const ended = await endedChange(tx, known, now);
    if (ended === null) return await answerNow(tx, known, now);
    // Its time is over, or nobody approved it: the first may be asked again, the second is an answer.
    if (!asked.again || ended.state !== "over") {
      await tx.update(r).set(ended).where(mine);
      return answerOf({ ...known, ...ended });
    }
    if (await isFull(tx, known)) return { id: known.id, state: "over", answer: TOO_MANY };
    // To people it is a request like a new one: told, on record, with what is claimed this time and above those of before.
    const { reason } = asked;
    const anew = {
      reason,
      askedAt: now,
      state: "waiting",
      answer: "",
      changeId: null,
      decidedAt: null,
      decidedBy: null,
    };
    const row = { ...known, ...anew };
    await tx.update(r).set(anew).where(mine);
    await tell(tx, ctx, { sandboxName, before: known, row });
    return answerOf(row);
  }
  if (await isFull(tx, { orgId, sandboxId: asked.sandboxId }))
    return { id: asked.id, state: "denied", answer: TOO_MANY };
  const { id, sandboxId, reason, again: _again, ...wish } = asked;
  try {
    const scope = canonicalScope(wish);
    const row = {
      ...{ orgId, id, sandboxId, reason, state: "waiting", answer: "", askedAt: now },
      ...{ sha256: null, method: null, path: null, decidedAt: null, decidedBy: null, changeId: null },
      ...scope,
    };
    const made = await tx.insert(r).values(row).onConflictDoNothing().returning({ id: r.id });
    if (made.length === 0) return { id, state: "denied", answer: "Its name is taken." };
    await tell(tx, ctx, { sandboxName, before: null, row });
    return { id, state: "waiting", answer: "" };
  } catch (error) {
    if (error instanceof CreelError) return { id, state: "denied", answer: error.publicMessage };
    throw error;
  }
}

/** Whether as much of this sandbox waits as may. */
async function isFull(tx: Tx, { orgId, sandboxId }: Pick<Row, "orgId" | "sandboxId">): Promise<boolean> {
  const { agentRequests: r } = tables;
  const [waiting] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(r)
    .where(and(eq(r.orgId, orgId), eq(r.sandboxId, sandboxId), eq(r.state, "waiting")));
  return (waiting?.count ?? 0) >= WAITING_PER_SANDBOX_MAX;
}

async function tell(
  tx: Tx,
  ctx: Parameters<typeof recordAudit>[1],
  { sandboxName, before, row }: { sandboxName: string; before: Row | null; row: Asking },
): Promise<void> {
  const { orgId, id, binary, host, port, method, path } = row;
  const scope = {
    ...{ binary, host, port },
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
  };
  const label = `${sandboxName}: ${scopeSentence(scope)}`;
  await recordAudit(tx, ctx, orgId, {
    action: "agentRequest.ask",
    resource: { kind: "agent_request", id, label },
    changes: changesOf("agentRequests", before, row),
  });
  await notify(tx, { orgId, topic: "exceptions" });
}
