import { type CompiledPolicy, decide, type PolicyDecision, planEndpoint } from "@creel/policy";
import { applyCredentials, type HeaderPair } from "../credentials/bindings.ts";
import { asRequest, judgeConnection } from "../judgeConnection.ts";
import { refuse, type Settled, settle } from "../settle.ts";
import type { Context, Flow, Refusal, Subject } from "../state.ts";
import { keepAllowed, type Target } from "../upstream/resolve.ts";
import type { CheckedRequest } from "./checkRequest.ts";
import { asRecord } from "./headerRecord.ts";

/** A request that may go out: judged with its addresses, written down, credentials in place. */
export interface Prepared {
  headers: HeaderPair[];
  target: Target;
  settled: Settled;
  seq: number;
  /** Judges it again, addresses included. */
  judge: (policy: CompiledPolicy) => PolicyDecision;
}

export async function prepare(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  body: Buffer | null,
): Promise<Prepared | { refused: Refusal } | { failed: string }> {
  const { state } = flow;
  const subject = {
    ...subjectOf(flow, { method: request.method, path: request.target }),
    ...(opensWebSocket(request) ? { protocol: flow.secure ? "wss" : "ws" } : {}),
  };
  const judge = judgeOf(context, flow, request, body);
  const credentials = await applyCredentials(request.headers, state.credentials, {
    host: flow.host,
    port: flow.port,
    path: request.path,
    target: request.target,
    secure: flow.secure,
  });
  if ("refused" in credentials) {
    return { refused: await refuse(context, state, subject, credentials.refused, { rule: "credentials" }) };
  }
  // Nobody is asked about a name for the sake of a request that is denied anyway.
  const connection = judgeConnection(state.inForce.policy, flow, context.now());
  const hopeless = judge(state.inForce.policy).decision === "deny" && !connection.addressPending;
  const resolved = hopeless
    ? { failed: "The policy changed while this was judged; ask again." }
    : await context.resolver.resolve(flow);
  const judgeAll = (policy: CompiledPolicy): PolicyDecision => {
    const decision =
      "failed" in resolved
        ? judge(policy)
        : keepAllowed(resolved.target, flow.host, (ip) => judge(policy, ip)).decision;
    return decision.decision === "allow" ? withinLimits(context, flow, policy, decision, "bytesProblem") : decision;
  };

  const settled = await settle(context, state, subject, (policy) => {
    const decision = judgeAll(policy);
    if (decision.decision !== "allow") return decision;
    const limited = withinLimits(context, flow, policy, decision, "requestsProblem");
    // Counted where it is judged, so that requests judged at the same moment cannot all take the last place.
    if (limited.decision === "allow") countRequest(context, flow, policy, decision);
    return limited;
  });
  if (settled.decision === "deny" || settled.seq === null) return { refused: settled };
  const { seq } = settled;
  if ("failed" in resolved) {
    context.sink.end(seq, { bytesIn: 0, bytesOut: 0, durationMs: 0 });
    return { failed: resolved.failed };
  }
  const { addresses } = keepAllowed(resolved.target, flow.host, (ip) => judge(settled.inForce.policy, ip));
  const target = { ...resolved.target, addresses };
  return { headers: credentials.headers, target, settled, seq, judge: judgeAll };
}

/** Only an upgrade that was taken for one keeps the header; in any other request it belonged to one hop and was dropped. */
const opensWebSocket = (request: CheckedRequest): boolean =>
  request.headers.some(([name]) => name.toLowerCase() === "upgrade");

/** An entry's `limits` beside its rules. What is denied anyway, or only watched, is not counted. */
export function withinLimits(
  context: Context,
  flow: Flow,
  policy: CompiledPolicy,
  decision: PolicyDecision,
  which: "bytesProblem" | "requestsProblem",
): PolicyDecision {
  const limits = planEndpoint(policy, asRequest(flow), context.now())?.limits ?? null;
  if (limits === null || decision.rule === null) return decision;
  const reason = flow.state.usage[which](decision.rule, limits, context.now());
  return reason === null ? decision : { decision: "deny", rule: decision.rule, reason };
}

export function countRequest(context: Context, flow: Flow, policy: CompiledPolicy, { rule }: PolicyDecision): void {
  const limits = planEndpoint(policy, asRequest(flow), context.now())?.limits ?? null;
  if (rule !== null) flow.state.usage.addRequest(rule, limits, context.now());
}

export function subjectOf(flow: Flow, request: { method: string | null; path: string | null }): Subject {
  return {
    kind: "http",
    identity: flow.identity,
    host: flow.host,
    port: flow.port,
    protocol: flow.secure ? "https" : "http",
    ...request,
  };
}

/** The policy's word on this request, for a given address or for the name alone. */
export function judgeOf(context: Context, flow: Flow, request: CheckedRequest, body: Buffer | null) {
  const judged = {
    ...asRequest(flow),
    method: request.method,
    path: request.target,
    headers: asRecord(request.headers),
    ...(body === null ? {} : { body: body.toString("utf8") }),
  };
  return (policy: CompiledPolicy, ip?: string): PolicyDecision =>
    decide(policy, ip === undefined ? judged : { ...judged, ip }, context.now());
}
