import type { CompiledPolicy, PolicyDecision } from "@creel/policy";
import { type Holders, spendException } from "./exceptions/spend.ts";
import type { DecisionDraft } from "./journal/sink.ts";
import type { Context, SandboxState, Subject } from "./state.ts";
import type { PolicyInForce } from "./types.ts";
import type { LimitedDecision } from "./withinLimits.ts";

export interface Settled extends LimitedDecision {
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
  judge: (policy: CompiledPolicy) => LimitedDecision,
  holders: Holders | null = null,
): Promise<Settled> {
  for (;;) {
    const inForce = state.inForce;
    const judged = judge(inForce.policy);
    const decision =
      judged.exception === undefined ? judged : ((await spendException(context, judged, holders)) ?? judged);
    const settled = await write({ context, state, subject, decision, inForce });
    if (settled.seq === null || settled.decision === "deny" || state.inForce === inForce) return settled;
    context.sink.end(settled.seq, { bytesIn: 0, bytesOut: 0, durationMs: 0 });
  }
}

interface Writing {
  context: Context;
  state: SandboxState;
  subject: Subject;
  decision: LimitedDecision;
  inForce: PolicyInForce;
}

async function write({ context, state, subject, decision, inForce }: Writing): Promise<Settled> {
  if (decision.decision === "deny") await state.refusals.pass();
  try {
    const seq = await context.sink.append(toDraft(context, state, subject, decision, inForce));
    return { ...decision, seq, inForce };
  } catch (error) {
    const reason = error instanceof Error ? error.message : "The decision could not be written down.";
    context.problem(reason);
    return { decision: "deny", rule: null, reason, seq: null, inForce };
  }
}

/** Writes down what is refused already, by the policy that was in force then. Never rejects. */
export function refuse(
  context: Context,
  state: SandboxState,
  subject: Subject,
  reason: string,
  { rule = null, inForce = state.inForce }: { rule?: string | null; inForce?: PolicyInForce } = {},
): Promise<Settled> {
  return write({ context, state, subject, decision: { decision: "deny", rule, reason }, inForce });
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
    ...(subject.credentials?.length ? { credentials: [...subject.credentials] } : {}),
  };
}
