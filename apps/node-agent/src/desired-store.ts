/**
 * What this node should run. Threat: a hub or a database that went bad pushes an old, altered or broken state. Invariant: a plan takes
 * the place of the one in force only when it is newer; a policy in it that does not hold never takes the place of a valid one: its
 * sandbox keeps that one, or is quarantined where that one asks for it, and without one is not run. Everything else of the plan counts.
 */
import type { Policy } from "@creel/policy";
import {
  type DesiredSandbox,
  type DesiredState,
  desiredStateSchema,
  type PolicyRefusal,
  policyRefusalSchema,
} from "@creel/protocol";
import { z } from "zod";
import { type ExceptionEnds, exceptionEnds } from "./exception-ends.ts";
import { readIfThere, writeAtomic } from "./files.ts";
import { createPolicyJudge, type HostCannot } from "./policy-judge.ts";

/** A plan as it is in force: where a policy in it was refused, the last valid one stands in its place. */
export interface AcceptedState {
  state: DesiredState;
  policies: ReadonlyMap<string, Policy>;
  refused: ReadonlyMap<string, PolicyRefusal>;
  exceptionEnds: ExceptionEnds;
}
export type Judgement = { ok: true; accepted: AcceptedState } | { ok: false; reason: string };

export interface JudgeOptions {
  inForce: AcceptedState | null;
  hostCannot?: HostCannot;
  /** When the plan was received. */
  nowMs?: number;
  /** Ends that were found before this program started. */
  ends?: ExceptionEnds;
}

/** Why a plan may not even be looked at; null when it may. The same plan again is fine: the answer to it was lost. */
export function outOfTurn(state: DesiredState, inForce: DesiredState | null): string | null {
  if (inForce && state.generation < inForce.generation)
    return `Generation ${state.generation} is older than ${inForce.generation}, which is in force here.`;
  if (inForce && state.generation === inForce.generation && state.planId !== inForce.planId)
    return `Generation ${state.generation} is in force here from another plan (${inForce.planId}).`;
  const ids = new Set(state.sandboxes.map(({ id }) => id));
  return ids.size === state.sandboxes.length ? null : "A sandbox stands in the plan twice.";
}

export function judgeDesired(state: DesiredState, options: JudgeOptions): Judgement {
  const { inForce, hostCannot = () => null, nowMs = Date.now(), ends = inForce?.exceptionEnds ?? new Map() } = options;
  const reason = outOfTurn(state, inForce?.state ?? null);
  if (reason !== null) return { ok: false, reason };
  const judge = createPolicyJudge(hostCannot);
  const before = new Map(inForce?.state.sandboxes.map((sandbox) => [sandbox.id, sandbox]));
  const policies = new Map<string, Policy>();
  const refused = new Map<string, PolicyRefusal>();
  const sandboxes = state.sandboxes.map((sandbox): DesiredSandbox => {
    const { id, policy } = sandbox;
    const last = before.get(id)?.policy;
    const lastPolicy = inForce?.policies.get(id);
    // What is in force was judged when it came; reading it again at every plan would cost each reload its time.
    const same = last !== undefined && last.yaml === policy.yaml && last.digest === policy.digest;
    const judged = same && lastPolicy ? { ok: true as const, policy: lastPolicy } : judge(policy);
    if (judged.ok) {
      policies.set(id, judged.policy);
      return sandbox;
    }
    const outcome = !lastPolicy
      ? "none"
      : lastPolicy.sandbox?.on_invalid_policy === "quarantine"
        ? "quarantined"
        : "kept";
    refused.set(id, { digest: policy.digest, version: policy.version, reason: judged.reason, outcome });
    if (!last || !lastPolicy) return sandbox;
    policies.set(id, lastPolicy);
    return { ...sandbox, policy: last };
  });
  const accepted = {
    state: { ...state, sandboxes },
    policies,
    refused,
    exceptionEnds: exceptionEnds(state, ends, nowMs),
  };
  return { ok: true, accepted };
}

/** The answer to a plan of which something was refused; null when all of it is in force. */
export function refusalSentence({ state, refused }: AcceptedState): string | null {
  if (refused.size === 0) return null;
  const words = { kept: "the last valid one stays in force", quarantined: "it is quarantined", none: "it is not run" };
  const lines = state.sandboxes.flatMap(({ id, name }) => {
    const refusal = refused.get(id);
    return refusal
      ? [
          `The policy of sandbox ${name} (version ${refusal.version}) was refused, ${words[refusal.outcome]}: ${refusal.reason}`,
        ]
      : [];
  });
  return lines.join("\n").slice(0, REASON_CHARS_MAX);
}
const REASON_CHARS_MAX = 2000;

const storedSchema = desiredStateSchema.extend({
  refused: z.record(z.string(), policyRefusalSchema).default({}),
  exceptionEnds: z.record(z.string(), z.number()).default({}),
});

export const saveDesired = (path: string, { state, refused, exceptionEnds: ends }: AcceptedState): Promise<void> => {
  const beside = { refused: Object.fromEntries(refused), exceptionEnds: Object.fromEntries(ends) };
  return writeAtomic(path, `${JSON.stringify({ ...state, ...beside })}\n`);
};

/**
 * The plan on disk, every policy checked again as if it had just come; null when there is none. `whole` is false when something in it
 * no longer holds: then the hub is to send it again.
 */
export async function loadDesired(
  path: string,
  nowMs: number = Date.now(),
): Promise<{ accepted: AcceptedState; whole: boolean } | null> {
  const text = await readIfThere(path);
  if (text === null) return null;
  const { refused, exceptionEnds: ends, ...state } = storedSchema.parse(JSON.parse(text));
  // What the host can hold was judged when it came: a device that is away today must not take the policy from a running sandbox.
  const judged = judgeDesired(state, { inForce: null, nowMs, ends: new Map(Object.entries(ends)) });
  if (!judged.ok) throw new Error(`${path} does not hold: ${judged.reason} The hub sends the newest plan again.`);
  const whole = judged.accepted.refused.size === 0;
  const all = new Map([...Object.entries(refused), ...judged.accepted.refused]);
  return { accepted: { ...judged.accepted, refused: all }, whole };
}
