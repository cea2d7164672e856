import type { PolicyDecision } from "@creel/policy";
import type { Context } from "../state.ts";

/** Whoever is judged, where the exceptions for once are kept that it has used; the same arrays that its questions carry as `held`. */
export type Holders = readonly string[][];

/**
 * Uses up the exception for once that a decision rests on, if it does. Called in the same step as the decision: two that race see it
 * used. Gives the decision, or a denial where the use could not be written down.
 */
export async function spendException(
  context: Context,
  decision: PolicyDecision,
  holders: Holders | null,
): Promise<PolicyDecision | null> {
  const { exception } = decision;
  if (decision.decision === "deny" || exception?.once !== true) return null;
  if (holders?.[0]?.includes(exception.id)) return null;
  const { id } = exception;
  const denied = (reason: string): PolicyDecision => ({ decision: "deny", rule: decision.rule, reason });
  // Who cannot hold it would be judged without it afterwards.
  if (holders === null) return denied(`Exception ${id} is for a single request.`);
  const spending = context.uses.spend(id);
  for (const held of holders) held.push(id);
  try {
    await spending;
    return null;
  } catch (error) {
    for (const held of holders) held.splice(held.indexOf(id), 1);
    context.problem(
      `A use of exception ${id} could not be written down: ${error instanceof Error ? error.message : "unknown"}`,
    );
    return denied(`Exception ${id} is for once, and its use could not be written down.`);
  }
}
