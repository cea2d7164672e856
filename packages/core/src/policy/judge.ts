import { type Policy, type PolicyProblem, parsePolicy, policyDigest } from "@creel/policy";
import { CreelError } from "../errors/errors.ts";

export interface JudgedPolicy {
  policy: Policy;
  digest: string;
  warnings: PolicyProblem[];
}

/** A policy that is wrong anywhere is not saved: what a node would refuse must not become a version. */
export function judgePolicy(yaml: string): JudgedPolicy {
  const { policy, problems } = parsePolicy(yaml);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (policy === null || errors.length > 0) {
    const first = errors[0];
    const where = first === undefined ? "" : ` Line ${first.place.line}: ${first.message}`;
    throw new CreelError("policy_invalid", `The policy has ${errors.length} error(s).${where}`, {
      details: { problems },
    });
  }
  return { policy, digest: policyDigest(policy), warnings: problems };
}
