import { and, desc, eq, sql, type Tx, tables, withOrg } from "@creel/db";
import { type Explanation, explainRequest, type PolicyRequest } from "@creel/policy";
import { z } from "zod";
import { visibleDecisions, visiblePolicies } from "../authz/scopeSql.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { decisionViews } from "../decision/view.ts";
import { notFound } from "../errors/errors.ts";
import { decisionIdSchema } from "../limits.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { DecisionExplanation, DecisionView, NewestJudgment, PolicyDetail } from "../views.ts";
import { policyDetails } from "./view.ts";

export const explainInput = z.strictObject({ decisionId: decisionIdSchema });

type Person = UserActor | ApiKeyActor;

/** Lines of the file kept around the one that decided. */
const EXCERPT_CONTEXT_LINES = 3;

/** Why a decision was made, judged again by the version that made it, at its own time. Changes nothing. */
export const explain = defineVerb({
  name: "policy.explain",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: explainInput,
  run: async (ctx, { decisionId }): Promise<DecisionExplanation> => {
    const { orgId } = ctx.actor;
    const { decision, version, present } = await withOrg(ctx.db, orgId, async (tx) => {
      const [decision] = await decisionViews(tx, {
        orgId,
        cursor: Number(decisionId),
        within: visibleDecisions(ctx.actor),
        limit: 1,
      });
      if (decision === undefined) throw notFound();
      return {
        decision,
        version: await versionOf(tx, ctx.actor, decision),
        present: await presentPolicyOf(tx, ctx.actor, decision.sandboxId),
      };
    });
    if (version === null)
      return unexplained(null, "No saved version of a policy has the digest that this decision names.");
    const { yaml, ...policy } = version;
    const request = requestOf(decision);
    if (typeof request === "string") return unexplained(policy, request);
    const explained = explainRequest(yaml, request, Date.parse(decision.time));
    if ("problems" in explained)
      return unexplained(
        policy,
        "This version was saved under an earlier form of the language and cannot be read now.",
      );
    const isAsRecorded = explained.decision.decision === decision.decision;
    const line = explained.deciding?.line ?? null;
    return {
      policy,
      unexplained: null,
      explanation: { ...explained, turn: explained.turn && { ...explained.turn, yamlAfter: "" } },
      excerpt: line === null ? [] : excerptOf(yaml, line),
      agrees: isAsRecorded && explained.decision.rule === decision.rule,
      // Where the record does not even give the same answer again, an answer of another version says nothing.
      newest:
        present === null || !isAsRecorded ? null : newestJudgment(present, { request, nowMs: ctx.clock().getTime() }),
    };
  },
});

interface DecidingVersion {
  id: string;
  name: string;
  version: number;
  latestVersion: number;
  yaml: string;
}

/** Of several versions with the same meaning the newest; of the sandbox's own policy before any other. */
async function versionOf(tx: Tx, actor: Person, decision: DecisionView): Promise<DecidingVersion | null> {
  const { orgId } = actor;
  const { policies: p, policyVersions: v, sandboxes: s } = tables;
  const own = sql`exists (select 1 from ${s} where ${s.orgId} = ${orgId} and ${s.id} = ${decision.sandboxId} and ${s.policyId} = ${p.id})`;
  return first(
    await tx
      .select({ id: p.id, name: p.name, version: v.version, latestVersion: p.latestVersion, yaml: v.yaml })
      .from(v)
      .innerJoin(p, and(eq(p.orgId, v.orgId), eq(p.id, v.policyId)))
      .where(and(eq(v.orgId, orgId), eq(v.digest, decision.policyDigest), visiblePolicies(actor)))
      .orderBy(desc(own), desc(v.version))
      .limit(1),
  );
}

/** The policy that holds the sandbox now; null when the sandbox is gone, or the policy is not for this person to see. */
async function presentPolicyOf(tx: Tx, actor: Person, sandboxId: string): Promise<PolicyDetail | null> {
  const { orgId } = actor;
  const { sandboxes: s } = tables;
  const sandbox = first(
    await tx
      .select({ policyId: s.policyId })
      .from(s)
      .where(and(eq(s.orgId, orgId), eq(s.id, sandboxId))),
  );
  if (sandbox === null) return null;
  return first(await policyDetails(tx, { orgId, policyId: sandbox.policyId, within: visiblePolicies(actor) }));
}

function newestJudgment(
  present: PolicyDetail,
  asked: { request: PolicyRequest; nowMs: number },
): NewestJudgment | null {
  const explained = explainRequest(present.yaml, asked.request, asked.nowMs);
  if ("problems" in explained) return null;
  return {
    policyId: present.id,
    policyName: present.name,
    version: present.latestVersion,
    allows: explained.decision.decision === "allow",
    unturnable: whyNeverAllowed(explained),
  };
}

/** What is let through already could only be turned to a denial, so its `unturnable` speaks of that. */
const whyNeverAllowed = ({ decision, turn, unturnable }: Explanation): string | null =>
  decision.decision === "deny" && turn === null ? unturnable : null;

/** The request as far as it was recorded; a sentence where that does not suffice. */
function requestOf(decision: DecisionView): PolicyRequest | string {
  const { binary, host, port, method, path } = decision;
  if (decision.kind === "dns") return "Only the name was looked up; what a policy decides is the connection.";
  if (binary === null) return "Nobody vouched for the program, so it was denied before any policy was asked.";
  return {
    binary: binary.path,
    ...(binary.sha256 === null ? {} : { sha256: binary.sha256 }),
    ...(binary.script == null ? {} : { script: binary.script }),
    ...(binary.library == null ? {} : { library: binary.library }),
    ancestors: binary.ancestors,
    host,
    port,
    ...(method === null ? {} : { method }),
    ...(path === null ? {} : { path }),
  };
}

const unexplained = (policy: DecisionExplanation["policy"], sentence: string): DecisionExplanation => ({
  policy,
  unexplained: sentence,
  explanation: null,
  excerpt: [],
  agrees: false,
  newest: null,
});

function excerptOf(yaml: string, line: number): { line: number; text: string }[] {
  const from = Math.max(1, line - EXCERPT_CONTEXT_LINES);
  return yaml
    .split("\n")
    .slice(from - 1, line + EXCERPT_CONTEXT_LINES)
    .map((text, at) => ({ line: from + at, text }));
}
