import { type CompiledPolicy, type PolicyDecision, planEndpoint } from "@creel/policy";
import { asRequest } from "./judgeConnection.ts";
import type { Context, Flow } from "./state.ts";

/** A decision that a limit turned; then is when to ask again. */
export interface LimitedDecision extends PolicyDecision {
  retryAfterSeconds?: number | undefined;
}

/** An entry's `limits` beside its rules. What is denied anyway, or only watched, is not counted. */
export function withinLimits(
  context: Context,
  flow: Flow,
  policy: CompiledPolicy,
  decision: PolicyDecision,
  which: "bytesProblem" | "requestsProblem",
): LimitedDecision {
  const limits = planEndpoint(policy, asRequest(flow), context.now())?.limits ?? null;
  if (limits === null || decision.rule === null) return decision;
  const problem = flow.state.usage[which](decision.rule, limits, context.now());
  return problem === null ? decision : { decision: "deny", rule: decision.rule, ...problem };
}

/** One request more, of the entry and of the sandbox, or why not. */
export function takeRequest(
  context: Context,
  flow: Flow,
  policy: CompiledPolicy,
  decision: PolicyDecision,
): LimitedDecision {
  if (decision.decision === "deny") return decision;
  const { usage, bounds } = flow.state;
  const limited =
    decision.decision === "allow" ? withinLimits(context, flow, policy, decision, "requestsProblem") : decision;
  if (limited.decision === "deny") return limited;
  const problem = usage.sandboxProblem(bounds.requestsPerMinute, context.now());
  if (problem !== null) return { decision: "deny", rule: decision.rule, ...problem };
  // Counted where it is judged, so that requests judged at the same moment cannot all take the last place.
  if (decision.decision === "allow") countRequest(context, flow, policy, decision);
  usage.addSandboxRequest(context.now());
  return decision;
}

export function countRequest(context: Context, flow: Flow, policy: CompiledPolicy, { rule }: PolicyDecision): void {
  const limits = planEndpoint(policy, asRequest(flow), context.now())?.limits ?? null;
  if (rule !== null) flow.state.usage.addRequest(rule, limits, context.now());
}
