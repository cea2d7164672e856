import {
  type Policy,
  type PolicyProblem,
  type PolicyTestResult,
  parsePolicy,
  policyDigest,
  runPolicyTests,
} from "@creel/policy";
import { CreelError } from "../errors/errors.ts";

export interface JudgedPolicy {
  policy: Policy;
  digest: string;
  warnings: PolicyProblem[];
}

/**
 * A policy that is wrong anywhere is not saved: what a node would refuse must not become a version, and neither what its own
 * tests refute. `now` decides which entries have expired.
 */
export function judgePolicy(yaml: string, now: Date): JudgedPolicy {
  const { policy, problems } = parsePolicy(yaml);
  const errors = problems.filter((problem) => problem.severity === "error");
  if (policy === null || errors.length > 0) {
    const first = errors[0];
    const where = first === undefined ? "" : ` Line ${first.place.line}: ${first.message}`;
    throw new CreelError("policy_invalid", `The policy has ${errors.length} error(s).${where}`, {
      details: { problems },
    });
  }
  if (policy.tests.length > 0) refuseFailedTests(runPolicyTests(yaml, now.getTime()));
  return { policy, digest: policyDigest(policy), warnings: problems };
}

function refuseFailedTests(results: readonly PolicyTestResult[]): void {
  const failed = results.filter((result) => !result.passed);
  const [first] = failed;
  if (first === undefined) return;
  const failedTests = failed.map(({ index, name, expected, got, place }) => ({ index, name, expected, got, place }));
  throw new CreelError(
    "policy_invalid",
    `A version whose tests fail cannot be proposed: ${failed.length} of ${results.length} fail. The first is ${titleOf(first)}, line ${first.place.line}.`,
    { details: { problems: failed.map(asProblem), failedTests } },
  );
}

const titleOf = ({ index, name }: PolicyTestResult): string =>
  name === null ? `test ${index + 1}` : `test ${index + 1} "${name}"`;

function asProblem(result: PolicyTestResult): PolicyProblem {
  const { expected, got } = result;
  const by = expected.rule === null ? "" : ` by \`${expected.rule}\``;
  return {
    code: "test_failed",
    severity: "error",
    place: result.place,
    message: `The ${titleOf(result)} expects ${expected.decision}${by}, but gets ${got.decision}${got.rule === null ? "" : ` by \`${got.rule}\``}: ${got.reason}`,
    remedy: "Change the policy or the expectation.",
  };
}
