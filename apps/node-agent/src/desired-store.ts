/**
 * What this node should run. Threat: a hub or a database that went bad pushes an old, altered or broken state. Invariant: a plan takes
 * the place of the one in force only when it is newer, every policy in it has the digest it claims and parses without an error;
 * anything else is refused as a whole and what was in force stays.
 */
import { type Policy, parsePolicy, policyDigest } from "@creel/policy";
import { type DesiredState, desiredStateSchema } from "@creel/protocol";
import { readIfThere, writeAtomic } from "./files.ts";

/** A plan that passed every check here. */
export interface AcceptedState {
  state: DesiredState;
  policies: ReadonlyMap<string, Policy>;
}
export type Judgement = { ok: true; accepted: AcceptedState } | { ok: false; reason: string };

/** Checks a plan against the generation in force. The same plan again is fine: the answer to it was lost. */
export function judgeDesired(state: DesiredState, inForce: DesiredState | null): Judgement {
  const refuse = (reason: string): Judgement => ({ ok: false, reason });
  if (inForce && state.generation < inForce.generation)
    return refuse(`Generation ${state.generation} is older than ${inForce.generation}, which is in force here.`);
  if (inForce && state.generation === inForce.generation && state.planId !== inForce.planId)
    return refuse(`Generation ${state.generation} is in force here from another plan (${inForce.planId}).`);
  const ids = new Set<string>();
  const policies = new Map<string, Policy>();
  for (const sandbox of state.sandboxes) {
    if (ids.has(sandbox.id)) return refuse(`Sandbox ${sandbox.id} stands in the plan twice.`);
    ids.add(sandbox.id);
    const { policy, problems } = parsePolicy(sandbox.policy.yaml);
    const problem = problems.find(({ severity }) => severity === "error");
    if (!policy || problem) {
      const where = problem
        ? `line ${problem.place.line}, column ${problem.place.column}: ${problem.message}`
        : "empty";
      return refuse(`The policy of sandbox ${sandbox.name} does not parse: ${where}`);
    }
    const digest = policyDigest(policy);
    if (digest !== sandbox.policy.digest)
      return refuse(`The policy of sandbox ${sandbox.name} has the digest ${digest}, not ${sandbox.policy.digest}.`);
    policies.set(sandbox.id, policy);
  }
  return { ok: true, accepted: { state, policies } };
}

export const saveDesired = (path: string, state: DesiredState): Promise<void> =>
  writeAtomic(path, `${JSON.stringify(state)}\n`);

/** The plan on disk, checked again as if it had just come; null when there is none. */
export async function loadDesired(path: string): Promise<AcceptedState | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  const judged = judgeDesired(desiredStateSchema.parse(JSON.parse(text)), null);
  if (!judged.ok) throw new Error(`${path} does not hold: ${judged.reason} The hub sends the newest plan again.`);
  return judged.accepted;
}
