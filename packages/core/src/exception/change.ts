import type { RiskGrade } from "@creel/approvals";
import { and, eq, gt, inArray, isNull, newId, notify, sql, type Tx, tables } from "@creel/db";
import { EXCEPTIONS_PER_SANDBOX_MAX, type ExceptionScope, exceptionScopeSchema } from "@creel/protocol";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import type { Labels } from "../authz/grant.ts";
import { sandboxLabels } from "../authz/scopeSql.ts";
import { type ApprovedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import type { Ctx } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { stored } from "../stored.ts";
import { endOne } from "./endOne.ts";
import { SANDBOXES_PER_GRANT_MAX, secondsSchema } from "./limits.ts";
import { canonicalScope, scopeSentence } from "./scope.ts";

const contentSchema = z.strictObject({
  sandboxIds: z
    .array(z.uuid())
    .min(1)
    .max(SANDBOXES_PER_GRANT_MAX)
    .transform((ids) => [...new Set(ids)].sort()),
  scope: exceptionScopeSchema,
  seconds: secondsSchema,
  once: z.boolean(),
});
export type ExceptionContent = z.output<typeof contentSchema>;

const { sandboxes: s, nodes: n, egressExceptions: e } = tables;

/** Something narrow that some sandboxes may reach for a while. Its time begins when it is applied, not when it was asked for. */
export const egressExceptionChange = defineChangeKind({
  kind: "egress_exception",
  endsByItself: true,
  contentSchema,
  propose: { action: "propose", on: "exception" },
  direct: { action: "create", on: "exception" },
  subject: ({ sandboxIds, scope }) => `exception:${sandboxIds[0]}:${scope.host}:${scope.port}`.slice(0, 256),
  base: async (at, content) => (await sandboxesOf(at, content)).map(({ id, policyId }) => ({ id, policyId })),
  labels: async (at, content) => (await sandboxesOf(at, content)).map(({ labels }) => labels),
  risk: async (_at, { scope }) => riskOf(scope),
  summary: async (at, content) => {
    const names = (await sandboxesOf(at, content)).map(({ name }) => name);
    const where = names.length === 1 ? names[0] : `${names.length} sandboxes`;
    return `${scopeSentence(content.scope)}, ${content.once ? "once" : spoken(content.seconds)}, in ${where}`;
  },
  apply,
  nodes: async (at, content) => [...new Set((await sandboxesOf(at, content)).map(({ nodeId }) => nodeId))],
  planCause: "exception.grant",
  takeBack: async (tx, ctx, { orgId, id }) => await endAllOf(tx, ctx, { orgId, changeId: id }),
});

export interface GrantedExceptions {
  exceptionIds: string[];
  until: string;
}

export const spoken = (seconds: number): string => {
  for (const [unit, size] of [
    ["day", 86_400],
    ["hour", 3_600],
    ["minute", 60],
  ] as const)
    if (seconds % size === 0) return `for ${seconds / size} ${unit}${seconds === size ? "" : "s"}`;
  return `for ${seconds} seconds`;
};

/** What cannot be read is graver than what can, and any path graver than one. */
export function riskOf({ method, path }: ExceptionScope): RiskGrade {
  if (method === undefined || method === "*" || path === undefined || path.includes("**")) return "high";
  return method === "GET" || method === "HEAD" || method === "OPTIONS" ? "low" : "medium";
}

async function sandboxesOf({ tx, orgId }: In, { sandboxIds }: ExceptionContent) {
  const rows = await tx
    .select({ id: s.id, name: s.name, nodeId: s.nodeId, policyId: s.policyId, labels: sandboxLabels })
    .from(s)
    .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
    .where(and(eq(s.orgId, orgId), inArray(s.id, sandboxIds), isNull(s.removedAt)))
    .orderBy(s.id);
  if (rows.length !== sandboxIds.length) throw notFound();
  return rows.map((row) => ({ ...row, labels: stored<Labels>(row.labels) }));
}

async function apply(
  tx: Tx,
  ctx: Ctx,
  content: ExceptionContent,
  change: ApprovedChange & { orgId: string },
): Promise<GrantedExceptions> {
  const { orgId } = change;
  const now = ctx.clock();
  // Its node ends it by itself, also while nobody reaches the node: so the end of a broken glass is its own.
  const until = new Date(Math.min(now.getTime() + content.seconds * 1000, change.endsAt?.getTime() ?? Infinity));
  const scope = canonicalScope(content.scope);
  const exceptionIds: string[] = [];
  for (const sandbox of await sandboxesOf({ tx, orgId, now }, content)) {
    await expectRoom(tx, { orgId, sandbox, now });
    const row = {
      orgId,
      id: newId(now),
      sandboxId: sandbox.id,
      changeId: change.id,
      ...{ sha256: null, method: null, path: null },
      ...scope,
      once: content.once,
      reason: change.message,
      grantedBy: change.author,
      createdAt: now,
      until,
    };
    await tx.insert(e).values(row);
    exceptionIds.push(row.id);
    await recordAudit(tx, ctx, orgId, {
      action: "exception.grant",
      resource: { kind: "exception", id: row.id, label: `${sandbox.name}: ${scopeSentence(scope)}` },
      changes: changesOf("egressExceptions", null, row),
    });
  }
  const { agentRequests: r } = tables;
  await tx
    .update(r)
    .set({ state: "allowed" })
    .where(and(eq(r.orgId, orgId), eq(r.changeId, change.id), eq(r.state, "proposed")));
  await notify(tx, { orgId, topic: "exceptions" });
  return { exceptionIds, until: until.toISOString() };
}

async function endAllOf(tx: Tx, ctx: Ctx, of: { orgId: string; changeId: string }): Promise<TakenBack> {
  const granted = await tx
    .select({ exception: e, sandboxName: s.name })
    .from(e)
    .innerJoin(s, and(eq(s.orgId, e.orgId), eq(s.id, e.sandboxId)))
    .where(and(eq(e.orgId, of.orgId), eq(e.changeId, of.changeId), isNull(e.endedAt), gt(e.until, ctx.clock())))
    .orderBy(e.id);
  for (const each of granted) await endOne(tx, ctx, each);
  return { how: "taken_back" };
}

async function expectRoom(
  tx: Tx,
  { orgId, sandbox, now }: { orgId: string; sandbox: { id: string; name: string }; now: Date },
): Promise<void> {
  const [found] = await tx
    .select({ count: sql<number>`count(*)::int` })
    .from(e)
    .where(and(eq(e.orgId, orgId), eq(e.sandboxId, sandbox.id), isNull(e.endedAt), gt(e.until, now)));
  if ((found?.count ?? 0) >= EXCEPTIONS_PER_SANDBOX_MAX)
    throw new CreelError(
      "conflict",
      `The sandbox ${sandbox.name} has ${EXCEPTIONS_PER_SANDBOX_MAX} exceptions at this moment. End some, or write a rule.`,
    );
}
