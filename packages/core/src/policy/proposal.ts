import { and, eq, tables, withOrg } from "@creel/db";
import { diffLines, PolicyEditError, type RuleRequest, visible } from "@creel/policy";
import { visibleDecisions, visiblePolicies } from "../authz/scopeSql.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { decisionViews } from "../decision/view.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import type { AllowProposal, DecisionView } from "../views.ts";
import { policyDetails } from "./view.ts";

interface How {
  edit: (yaml: string, rule: RuleRequest) => string;
  sentence: (rule: RuleRequest, policyName: string) => string;
}

/** An edit of the policy of the sandbox that a decision is of, for a person to read, to change and to save. */
export async function proposal(
  ctx: Ctx<UserActor | ApiKeyActor>,
  decisionId: string,
  { edit, sentence }: How,
): Promise<AllowProposal> {
  const { orgId } = ctx.actor;
  const s = tables.sandboxes;
  const { decision, policy } = await withOrg(ctx.db, orgId, async (tx) => {
    const [decision] = await decisionViews(tx, {
      ...{ orgId, cursor: Number(decisionId), limit: 1 },
      within: visibleDecisions(ctx.actor),
    });
    if (decision === undefined) throw notFound();
    const sandbox = first(
      await tx
        .select({ policyId: s.policyId })
        .from(s)
        .where(and(eq(s.orgId, orgId), eq(s.id, decision.sandboxId))),
    );
    if (sandbox === null) throw notFound();
    const { policyId } = sandbox;
    const [policy] = await policyDetails(tx, { orgId, policyId, within: visiblePolicies(ctx.actor) });
    if (policy === undefined) throw notFound();
    return { decision, policy };
  });
  const rule = ruleFor(decision);
  const yamlAfter = edited(() => edit(policy.yaml, rule));
  return {
    policyId: policy.id,
    policyName: policy.name,
    baseVersion: policy.latestVersion,
    yamlBefore: policy.yaml,
    yamlAfter,
    lines: diffLines(policy.yaml, yamlAfter),
    sentence: sentence(rule, policy.name),
  };
}

function edited(edit: () => string): string {
  try {
    return edit();
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
      `${decision.host} was only looked up and never connected to, so program and port are not known. Let the agent try again, or write the rule by hand.`,
    );
  if (decision.binary === null)
    throw new CreelError("conflict", "Nobody vouched for the program that did this, so no rule can name it.");
  const { host, port, method, path } = decision;
  const request = method === null ? {} : { method, ...(path === null ? {} : { path: path.split("?")[0] ?? path }) };
  return { binary: decision.binary.path, host, port, ...request };
}

/** What a rule is about, in words; nothing in it is unseen. */
export function saidOf({ binary, host, port, method, path }: RuleRequest): string {
  const what = method === undefined ? `connect to ${host}:${port}` : `${method} ${path ?? ""} on ${host}:${port}`;
  return visible(`${binary} ${what}`);
}
