import type { CompiledPolicy, EndpointPlan, PolicyDecision } from "@creel/policy";
import { planOf } from "./judgeConnection.ts";
import type { Context, Flow } from "./state.ts";
import type { PolicyInForce } from "./types.ts";

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
  const plan = planOf(policy, flow, context.now());
  const limits = plan?.limits ?? null;
  const budget = budgetOf(decision, plan);
  if (limits === null || budget === null) return decision;
  const problem = flow.state.usage[which](budget, limits, context.now());
  return problem === null ? decision : { decision: "deny", rule: decision.rule, ...problem };
}

/**
 * Counts one request, of the entry and of the sandbox, or says why not. What is judged again because the policy changed meanwhile is no
 * further request: it keeps its place, and takes one of another entry only when that allows it now.
 */
export function requestTaker(context: Context, flow: Flow) {
  const taken = new Set<string | null>();
  let ofSandbox = false;
  return (policy: CompiledPolicy, decision: PolicyDecision): LimitedDecision => {
    if (decision.decision === "deny") return decision;
    const { usage, bounds } = flow.state;
    const counted = decision.decision !== "allow" || taken.has(decision.rule);
    const limited = counted ? decision : withinLimits(context, flow, policy, decision, "requestsProblem");
    if (limited.decision === "deny") return limited;
    const problem = ofSandbox ? null : usage.sandboxProblem(bounds.requestsPerMinute, context.now());
    if (problem !== null) return { decision: "deny", rule: decision.rule, ...problem };
    // Counted where it is judged, so that requests judged at the same moment cannot all take the last place.
    if (!counted) countRequest(context, flow, policy, decision);
    if (!counted) taken.add(decision.rule);
    if (!ofSandbox) usage.addSandboxRequest(context.now());
    ofSandbox = true;
    return decision;
  };
}

/** A request's place among the sandbox's requests of this minute, taken before it is judged. */
export interface Place {
  /** Called where it is judged after all, in the same step as `requestTaker`. Who never comes so far keeps it: it was asked for. */
  giveBack(): void;
}
export const NO_PLACE: Place = { giveBack: () => {} };

/**
 * Counts a request whose body has to be held before anybody can judge it, so that not even the first byte is held for one too many.
 * Threat: requests that are never finished, and so never judged nor counted. Which entry such a request is for only its body may say:
 * an entry's own limits are asked where it is judged.
 */
export function takePlace(context: Context, flow: Flow): Place | LimitedDecision {
  const { usage, bounds } = flow.state;
  const problem = usage.sandboxProblem(bounds.requestsPerMinute, context.now());
  if (problem !== null) return { decision: "deny", rule: null, ...problem };
  let undo: (() => void) | null = usage.addSandboxRequest(context.now());
  return {
    giveBack() {
      undo?.();
      undo = null;
    },
  };
}

export function countRequest(context: Context, flow: Flow, policy: CompiledPolicy, decision: PolicyDecision): void {
  const plan = planOf(policy, flow, context.now());
  const budget = budgetOf(decision, plan);
  if (budget !== null) flow.state.usage.addRequest(budget, plan?.limits ?? null, context.now());
}

/** Whose limits a decision counts for: what an exception adds to an entry's place uses up that entry's. */
const budgetOf = ({ rule, exception }: PolicyDecision, plan: EndpointPlan | null): string | null =>
  exception === undefined ? rule : (plan?.rule ?? rule);

/** The same for bytes, of what has been decided. */
export const bytesBudget = (context: Context, flow: Flow, settled: PolicyDecision & { inForce: PolicyInForce }) =>
  settled.exception === undefined
    ? settled.rule
    : budgetOf(settled, planOf(settled.inForce.policy, flow, context.now()));
