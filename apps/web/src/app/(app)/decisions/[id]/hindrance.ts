import type { DecisionExplanation, DecisionView, NewestJudgment } from "@creel/core";

export type Hindrance =
  | ({ kind: "allowed" } & Pick<NewestJudgment, "policyId" | "policyName" | "version">)
  | { kind: "never"; sentence: string };

/** What no rule can name, and what no rule would change: then nothing is offered, and this says why. Null where a change can help. */
export function hindranceOf(decision: DecisionView, why: DecisionExplanation | undefined): Hindrance | null {
  if (decision.kind === "dns")
    return {
      kind: "never",
      sentence: "Only the name was looked up. Let the agent try again, and allow the connection that it makes.",
    };
  if (decision.binary === null)
    return { kind: "never", sentence: "Nobody vouched for the program, so no rule can name it." };
  const newest = why?.newest ?? null;
  if (newest === null) return null;
  if (newest.allows) return { kind: "allowed", ...newest };
  return newest.unturnable === null ? null : { kind: "never", sentence: newest.unturnable };
}
