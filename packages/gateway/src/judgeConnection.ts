import { type CompiledPolicy, decide, type EndpointPlan, type PolicyDecision, planEndpoint } from "@creel/policy";
import type { BinaryIdentity } from "@creel/protocol";
import { OWN_HOST, PROXY_HOST, PROXY_PORT } from "./state.ts";

export interface Endpoint {
  readonly identity: BinaryIdentity;
  readonly host: string;
  readonly port: number;
  /** Exceptions for once that were used on it. */
  readonly held?: readonly string[];
}

export interface ConnectionVerdict extends PolicyDecision {
  handling: EndpointPlan["handling"];
  /** Denied as it stands, but a rule for bare addresses may allow it once the address is known. */
  addressPending: boolean;
}

/** The fields of a policy request that say who asks for what endpoint. */
export function asRequest({ identity, host, port, held }: Endpoint) {
  return {
    binary: identity.path,
    ...(identity.sha256 === null ? {} : { sha256: identity.sha256 }),
    ancestors: identity.ancestors,
    ...(typeof identity.script === "string" ? { script: identity.script } : {}),
    ...(typeof identity.library === "string" ? { library: identity.library } : {}),
    host,
    port,
    ...(held === undefined ? {} : { held }),
  };
}

interface Planned {
  policy: CompiledPolicy;
  nowMs: number;
  plan: EndpointPlan | null;
}
const planned = new WeakMap<Endpoint, Planned>();

/**
 * What the policy plans for a connection. One request asks several times in the same moment, and the answer is a function of these three
 * alone: it is kept until another policy or another millisecond asks, so that neither a reload nor an expiry is ever missed. Beside
 * exceptions for once it is not: one may be used up, or held by this connection, between two looks; then nothing is kept.
 */
export function planOf(policy: CompiledPolicy, endpoint: Endpoint, nowMs: number): EndpointPlan | null {
  const known = planned.get(endpoint);
  if (known !== undefined && known.policy === policy && known.nowMs === nowMs) return known.plan;
  const plan = planEndpoint(policy, asRequest(endpoint), nowMs);
  // Those for once stand behind those that last.
  if (policy.exceptions?.all.at(-1)?.exception.once === true) return plan;
  planned.set(endpoint, { policy, nowMs, plan });
  return plan;
}

/** The ports on which the gateway answers for its own page. */
const OWN_PORTS = [80, 443];

export function judgeConnection(policy: CompiledPolicy, endpoint: Endpoint, nowMs: number): ConnectionVerdict {
  const inspected = { handling: "inspect" as const, addressPending: false };
  if (endpoint.host === OWN_HOST) {
    const open = OWN_PORTS.includes(endpoint.port);
    const reason = open ? "The gateway answers for this name itself." : "This name answers on ports 80 and 443 only.";
    return { ...inspected, decision: open ? "allow" : "deny", rule: null, reason };
  }
  if (endpoint.host === PROXY_HOST) {
    const open = endpoint.port === PROXY_PORT;
    const reason = open ? "What is asked of the proxy is judged." : `The proxy answers on port ${PROXY_PORT} only.`;
    return { ...inspected, decision: open ? "allow" : "deny", rule: null, reason };
  }
  const request = asRequest(endpoint);
  const plan = planOf(policy, endpoint, nowMs);
  const decision = decide(policy, request, nowMs);
  if (plan === null) {
    const reason = decision.decision === "deny" ? decision.reason : "No rule plans this endpoint.";
    return { ...inspected, decision: "deny", rule: decision.rule, reason };
  }
  return { ...decision, handling: plan.handling, addressPending: decision.decision === "deny" };
}
