import { and, eq, tables, withOrg } from "@creel/db";
import { addRule, diffLines, PolicyEditError, type RuleRequest } from "@creel/policy";
import { z } from "zod";
import { visibleDecisions, visiblePolicies } from "../authz/scopeSql.ts";
import { decisionViews } from "../decision/view.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { decisionIdSchema } from "../limits.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { AllowProposal, DecisionView } from "../views.ts";
import { policyDetails } from "./view.ts";

export const proposeAllowInput = z.strictObject({ decisionId: decisionIdSchema });

/** The smallest edit of the sandbox's policy that lets through what this decision refused. Changes nothing. */
export const proposeAllow = defineVerb({
  name: "policy.proposeAllow",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: proposeAllowInput,
  run: async (ctx, { decisionId }): Promise<AllowProposal> => {
    const { orgId } = ctx.actor;
    const s = tables.sandboxes;
    const found = await withOrg(ctx.db, orgId, async (tx) => {
      const [decision] = await decisionViews(tx, {
        orgId,
        cursor: Number(decisionId),
        within: visibleDecisions(ctx.actor),
        limit: 1,
      });
      if (decision === undefined) throw notFound();
      const sandbox = first(
        await tx
          .select({ policyId: s.policyId })
          .from(s)
          .where(and(eq(s.orgId, orgId), eq(s.id, decision.sandboxId))),
      );
      if (sandbox === null) throw notFound();
      const [policy] = await policyDetails(tx, {
        orgId,
        policyId: sandbox.policyId,
        within: visiblePolicies(ctx.actor),
      });
      if (policy === undefined) throw notFound();
      return { decision, policy };
    });
    const { decision, policy } = found;
    const yamlAfter = edited(policy.yaml, decision);
    return {
      policyId: policy.id,
      policyName: policy.name,
      baseVersion: policy.latestVersion,
      yamlBefore: policy.yaml,
      yamlAfter,
      lines: diffLines(policy.yaml, yamlAfter),
      sentence: sentenceFor(decision, policy.name),
    };
  },
});

function edited(yaml: string, decision: DecisionView): string {
  try {
    return addRule(yaml, ruleFor(decision));
  } catch (error) {
    if (error instanceof PolicyEditError)
      throw new CreelError("conflict", error.message, { details: { problems: error.problems }, cause: error });
    throw error;
  }
}

function ruleFor(decision: DecisionView): RuleRequest {
  if (decision.kind === "dns")
    throw new CreelError(
      "conflict",
      `${decision.host} was only looked up and never connected to, so program and port are not known. Let the agent try again and allow the connection, or write the rule by hand.`,
    );
  if (decision.binary === null)
    throw new CreelError("conflict", "Nobody vouched for the program that did this, so no rule can name it.");
  const { host, port, method, path } = decision;
  const request = method === null ? {} : { method, ...(path === null ? {} : { path: path.split("?")[0] ?? path }) };
  return { binary: decision.binary.path, host, port, ...request };
}

function sentenceFor(decision: DecisionView, policyName: string): string {
  const { binary, host, port, method, path } = ruleFor(decision);
  const what = method === undefined ? `connect to ${host}:${port}` : `${method} ${path ?? ""} on ${host}:${port}`;
  return `Lets ${binary} ${what} in every sandbox that uses the policy ${policyName}.`;
}
