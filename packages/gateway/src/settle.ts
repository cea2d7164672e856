import type { CompiledPolicy, PolicyDecision } from "@creel/policy";
import type { BinaryIdentity, DecisionRecord } from "@creel/protocol";
import type { DecisionDraft } from "./journal/sink.ts";
import type { Context, SandboxState } from "./state.ts";
import type { PolicyInForce } from "./types.ts";

/** What is being decided, apart from the answer. */
export interface Subject {
  kind: DecisionRecord["kind"];
  identity: BinaryIdentity | null;
  host: string;
  port: number;
  protocol: string;
  method: string | null;
  path: string | null;
}

export interface Settled extends PolicyDecision {
  /** Place in the journal; null when it could not be written, and then `decision` is `deny`. */
  seq: number | null;
  inForce: PolicyInForce;
}

/**
 * Decides and writes it down. Invariant: whoever acts on the result acts on a decision that is in the journal and was made by the
 * policy in force when the writing ended; a reload in between decides anew.
 */
export async function settle(
  context: Context,
  state: SandboxState,
  subject: Subject,
  judge: (policy: CompiledPolicy) => PolicyDecision,
): Promise<Settled> {
  for (;;) {
    const inForce = state.inForce;
    const decision = judge(inForce.policy);
    if (decision.decision === "deny") await state.refusals.pass();
    let seq: number;
    try {
      seq = await context.sink.append(toDraft(context, state, subject, decision, inForce));
    } catch (error) {
      const reason = error instanceof Error ? error.message : "The decision could not be written down.";
      context.problem(reason);
      return { decision: "deny", rule: null, reason, seq: null, inForce };
    }
    if (decision.decision === "deny" || state.inForce === inForce) return { ...decision, seq, inForce };
    context.sink.end(seq, { bytesIn: 0, bytesOut: 0, durationMs: 0 });
  }
}

/** Writes a refusal that no rule could have prevented. */
export function refuse(
  context: Context,
  state: SandboxState,
  subject: Subject,
  reason: string,
  rule: string | null = null,
) {
  return settle(context, state, subject, () => ({ decision: "deny", rule, reason }));
}

function toDraft(
  context: Context,
  state: SandboxState,
  subject: Subject,
  decision: PolicyDecision,
  inForce: PolicyInForce,
): DecisionDraft {
  return {
    time: new Date(context.now()).toISOString(),
    org: context.labels.org,
    node: context.labels.node,
    sandbox: state.id,
    kind: subject.kind,
    binary: subject.identity,
    host: subject.host,
    port: subject.port,
    protocol: subject.protocol,
    method: subject.method,
    path: subject.path,
    decision: decision.decision,
    rule: decision.rule,
    reason: decision.reason,
    policyDigest: inForce.policyDigest,
    generation: inForce.generation,
  };
}
