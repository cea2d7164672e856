import { and, eq, inArray, isNull, type Tx, tables } from "@creel/db";
import { exceptionScopeSchema } from "@creel/protocol";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels, visibleSandboxes } from "../authz/scopeSql.ts";
import type { In } from "../change/kinds.ts";
import type { ChangeRow } from "../change/row.ts";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { type ExceptionContent, egressExceptionChange, type GrantedExceptions } from "./change.ts";
import { ONCE_SECONDS_DEFAULT, SANDBOXES_PER_GRANT_MAX, secondsSchema } from "./limits.ts";
import { canonicalScope } from "./scope.ts";

export const grantInput = exceptionScopeSchema.extend({
  sandboxIds: z.array(z.uuid()).min(1).max(SANDBOXES_PER_GRANT_MAX),
  seconds: secondsSchema.default(ONCE_SECONDS_DEFAULT),
  once: z.boolean().default(false),
  reason: z.string().trim().min(1, "say why").max(MESSAGE_CHARS_MAX),
});

export type ExceptionGranted = Outcome<GrantedExceptions & { planIds: string[] }>;

/** Allows some sandboxes one narrow thing for a while, or proposes it where others have to approve. */
export const grant = defineVerb({
  name: "exception.grant",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "exception" },
  input: grantInput,
  run: async (ctx, { sandboxIds, seconds, once, reason, ...scope }): Promise<ExceptionGranted> =>
    await submitException(ctx, { sandboxIds: [...new Set(sandboxIds)].sort(), scope, seconds, once }, reason),
});

/** In the transaction that grants or proposes: what is claimed first, and what is said of it last. */
export interface Claim {
  take: (tx: Tx) => Promise<void>;
  settle: (tx: Tx, change: ChangeRow) => Promise<void>;
}

/** The same for whoever knows the scope already: the inbox, and the answer to an agent. */
export async function submitException(
  ctx: Ctx<UserActor | ApiKeyActor>,
  content: ExceptionContent,
  message: string,
  claim?: Claim,
): Promise<ExceptionGranted> {
  const scope = canonicalScope(content.scope);
  const submitted = await submitChange(ctx, egressExceptionChange, {
    content: { ...content, scope },
    message,
    admit: async (at, actor) => {
      await admit(at, actor, content.sandboxIds);
      await claim?.take(at.tx);
    },
    settled: claim?.settle,
  });
  if (submitted.outcome === "proposed") return submitted;
  const { changeId, result, planIds } = submitted;
  return { outcome: "applied", changeId, ...result, planIds };
}

async function admit({ tx, orgId }: In, actor: UserActor | ApiKeyActor, sandboxIds: readonly string[]): Promise<void> {
  const { sandboxes: s, nodes: n } = tables;
  const rows = await tx
    .select({ labels: sandboxLabels })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(eq(s.orgId, orgId), inArray(s.id, [...sandboxIds]), isNull(s.removedAt), visibleSandboxes(actor)));
  if (rows.length !== sandboxIds.length) throw notFound();
  for (const { labels } of rows)
    authorizeOn(actor, { action: "propose", kind: "exception", labels: stored<Labels>(labels) });
}
