/**
 * Threat: two people answer one request at the same moment, or one answer is sent twice, and what was for once is allowed twice, or beside
 * a denial. Invariant: the request is taken, what it grants is granted, and its answer is written in one transaction; whoever comes second
 * grants nothing.
 */
import { and, eq, isNull, notify, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { submitException } from "../exception/grant.ts";
import { ONCE_SECONDS_DEFAULT, secondsSchema } from "../exception/limits.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { claimOf } from "./claim.ts";

export const answerInput = z.strictObject({
  requestId: z.uuid(),
  verdict: z.enum(["allow", "deny"]),
  seconds: secondsSchema.default(ONCE_SECONDS_DEFAULT),
  once: z.boolean().default(false),
  /** The agent reads it. */
  note: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
});

interface Answered {
  requestId: string;
  state: "allowed" | "proposed" | "denied";
  changeId: string | null;
}
type Input = z.output<typeof answerInput>;
type Row = typeof tables.agentRequests.$inferSelect;
type Asking = Ctx<UserActor | ApiKeyActor>;

/** A person's answer to an agent: exactly what it asked for a while, as a change like any other, or no. */
export const answer = defineVerb({
  name: "agentRequest.answer",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "exception" },
  input: answerInput,
  run: async (ctx, input): Promise<Answered> => {
    const { orgId } = ctx.actor;
    const request = await withOrg(ctx.db, orgId, (tx) => waiting(tx, ctx, input.requestId));
    if (input.verdict === "allow") return await allow(ctx, request, input);
    return await withOrg(ctx.db, orgId, async (tx) => {
      const taken = await waiting(tx, ctx, input.requestId);
      return await write(tx, ctx, { request: taken, input, state: "denied", changeId: null });
    });
  },
});

async function allow(ctx: Asking, request: Row, input: Input): Promise<Answered> {
  const { binary, sha256, host, port, method, path, sandboxId } = request;
  const scope = {
    ...{ binary, host, port },
    ...(sha256 === null ? {} : { sha256 }),
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
  };
  const { seconds, once, note } = input;
  const said = claimOf(request.reason);
  const message = note === "" ? said : `${note.slice(0, MESSAGE_CHARS_MAX - said.length - 1)}\n${said}`;
  let answered: Answered | null = null;
  await submitException(ctx, { sandboxIds: [sandboxId], scope, seconds, once }, message, {
    take: async (tx) => void (await waiting(tx, ctx, request.id)),
    settle: async (tx, change) => {
      // A change that could not be applied has allowed nothing: the request waits on.
      if (change.state === "failed") return;
      const state = change.state === "applied" ? "allowed" : "proposed";
      answered = await write(tx, ctx, { request, input, state, changeId: change.id });
    },
  });
  // It is set where nothing was thrown: every change that was made is settled.
  if (answered === null) throw new Error("an exception was granted and its request not answered");
  return answered;
}

/** The request, held until the transaction ends; throws where somebody has answered it. */
async function waiting(tx: Tx, ctx: Asking, requestId: string): Promise<Row> {
  const { agentRequests: r, sandboxes: s, nodes: n } = tables;
  const found = first(
    await tx
      .select({ request: r, labels: sandboxLabels })
      .from(r)
      .innerJoin(s, and(eq(s.orgId, r.orgId), eq(s.id, r.sandboxId), isNull(s.removedAt)))
      .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
      .where(and(eq(r.orgId, ctx.actor.orgId), eq(r.id, requestId)))
      .for("update", { of: r }),
  );
  if (found === null) throw notFound();
  authorizeOn(ctx.actor, { action: "propose", kind: "exception", labels: stored<Labels>(found.labels) });
  if (found.request.state !== "waiting") throw new CreelError("conflict", "It has been answered already.");
  return found.request;
}

async function write(
  tx: Tx,
  ctx: Asking,
  of: { request: Row; input: Input; state: Answered["state"]; changeId: string | null },
): Promise<Answered> {
  const { request, input, state, changeId } = of;
  const { orgId, id, host, port } = request;
  const { agentRequests: r } = tables;
  const set = {
    ...{ state, changeId, answer: input.note },
    ...{ decidedAt: ctx.clock(), decidedBy: describeActor(ctx.actor).label },
  };
  await tx
    .update(r)
    .set(set)
    .where(and(eq(r.orgId, orgId), eq(r.id, id)));
  await recordAudit(tx, ctx, orgId, {
    action: "agentRequest.answer",
    resource: { kind: "agent_request", id, label: `${host}:${port}` },
    changes: changesOf("agentRequests", request, { ...request, ...set }),
  });
  await notify(tx, { orgId, topic: "exceptions" });
  return { requestId: id, state, changeId };
}
