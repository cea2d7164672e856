import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { submitException } from "../exception/grant.ts";
import { ONCE_SECONDS_DEFAULT, secondsSchema } from "../exception/limits.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const answerInput = z.strictObject({
  requestId: z.uuid(),
  verdict: z.enum(["allow", "deny"]),
  seconds: secondsSchema.default(ONCE_SECONDS_DEFAULT),
  once: z.boolean().default(false),
  /** The agent reads it. */
  note: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
});

/** A person's answer to an agent: exactly what it asked for a while, as a change like any other, or no. */
export const answer = defineVerb({
  name: "agentRequest.answer",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "exception" },
  input: answerInput,
  run: async (
    ctx,
    input,
  ): Promise<{ requestId: string; state: "allowed" | "proposed" | "denied"; changeId: string | null }> => {
    const { orgId } = ctx.actor;
    const { agentRequests: r, sandboxes: s, nodes: n } = tables;
    const mine = and(eq(r.orgId, orgId), eq(r.id, input.requestId));
    const request = await withOrg(ctx.db, orgId, async (tx) => {
      const found = first(
        await tx
          .select({ request: r, labels: sandboxLabels })
          .from(r)
          .innerJoin(s, and(eq(s.orgId, r.orgId), eq(s.id, r.sandboxId), isNull(s.removedAt)))
          .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
          .where(mine),
      );
      if (found === null) throw notFound();
      authorizeOn(ctx.actor, { action: "propose", kind: "exception", labels: stored<Labels>(found.labels) });
      return found.request;
    });
    if (request.state !== "waiting") throw new CreelError("conflict", "It has been answered already.");
    const { binary, sha256, host, port, method, path, sandboxId } = request;
    const scope = {
      ...{ binary, host, port },
      ...(sha256 === null ? {} : { sha256 }),
      ...(method === null ? {} : { method }),
      ...(path === null ? {} : { path }),
    };
    const { seconds, once, note } = input;
    const content = { sandboxIds: [sandboxId], scope, seconds, once };
    const message = note === "" ? `An agent asked for it: ${request.reason}`.slice(0, MESSAGE_CHARS_MAX) : note;
    const granted = input.verdict === "deny" ? null : await submitException(ctx, content, message);
    const state = granted === null ? "denied" : granted.outcome === "applied" ? "allowed" : "proposed";
    const changeId = granted?.changeId ?? null;
    const set = {
      ...{ state, changeId, answer: note },
      ...{ decidedAt: ctx.clock(), decidedBy: describeActor(ctx.actor).label },
    };
    await withOrg(ctx.db, orgId, async (tx) => {
      const answered = await tx
        .update(r)
        .set(set)
        .where(and(mine, eq(r.state, "waiting")))
        .returning({ id: r.id });
      if (answered.length === 0) throw new CreelError("conflict", "Somebody answered it at the same moment.");
      await recordAudit(tx, ctx, orgId, {
        action: "agentRequest.answer",
        resource: { kind: "agent_request", id: request.id, label: `${host}:${port}` },
        changes: changesOf("agentRequests", request, { ...request, ...set }),
      });
      await notify(tx, { orgId, topic: "exceptions" });
    });
    return { requestId: request.id, state, changeId };
  },
});
