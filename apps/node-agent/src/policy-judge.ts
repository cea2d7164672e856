/**
 * One policy, offered by the hub. Threat: a hub or a database that went bad, or a slip, puts a broken or altered policy in the place of
 * one that held. Invariant: a policy takes the place of another only when it parses without an error, is the one its digest names, and
 * asks for nothing this host cannot hold.
 */
import { type Policy, parsePolicy, policyDigest } from "@creel/policy";
import type { DesiredSandbox } from "@creel/protocol";

export type PolicyJudgement = { ok: true; policy: Policy } | { ok: false; reason: string };
/** What of a policy this host cannot hold, with the layer and the remedy; null when it can. */
export type HostCannot = (policy: Policy) => string | null;

const REASON_CHARS_MAX = 2000;

/** Judges the policies of one plan; equal texts, of which a fleet has many, are read once. */
export function createPolicyJudge(hostCannot: HostCannot) {
  const read = new Map<string, PolicyJudgement & { digest?: string }>();
  return ({ yaml, digest }: DesiredSandbox["policy"]): PolicyJudgement => {
    let known = read.get(yaml);
    if (known === undefined) {
      known = readPolicy(yaml, hostCannot);
      read.set(yaml, known);
    }
    if (known.ok && known.digest !== digest)
      return refuse(`It has the digest ${known.digest}, not ${digest} as the plan says.`);
    return known;
  };
}

const refuse = (reason: string): PolicyJudgement => ({ ok: false, reason: reason.slice(0, REASON_CHARS_MAX) });

function readPolicy(yaml: string, hostCannot: HostCannot): PolicyJudgement & { digest?: string } {
  const { policy, problems } = parsePolicy(yaml);
  const problem = problems.find(({ severity }) => severity === "error");
  if (!policy || problem) {
    const where = problem
      ? `line ${problem.place.line}, column ${problem.place.column}: ${problem.message}`
      : "it is empty";
    return refuse(`It does not parse: ${where}`);
  }
  const hindrance = hostCannot(policy);
  return hindrance === null ? { ok: true, policy, digest: policyDigest(policy) } : refuse(hindrance);
}
