import { type CompiledPolicy, decide, type PolicyDecision } from "@creel/policy";
import { CredentialUnavailable } from "../credentials/credential.ts";
import { CREDENTIALS_RULE, requestCredentials } from "../credentials/ofRequest.ts";
import { asRequest, judgeConnection } from "../judgeConnection.ts";
import { refuse, type Settled, settle } from "../settle.ts";
import type { Context, Flow, Refusal, Subject } from "../state.ts";
import { judgeDialled, keepAllowed, type Target } from "../upstream/resolve.ts";
import { NO_PLACE, type Place, requestTaker, withinLimits } from "../withinLimits.ts";
import type { CheckedRequest } from "./checkRequest.ts";
import { asRecord } from "./headerRecord.ts";

/** A request that may go out: judged with its addresses, written down, credentials in place. */
export interface Prepared {
  /** As it goes out. */
  request: CheckedRequest;
  /** As it goes out, where it was held. */
  body: Buffer | null;
  target: Target;
  settled: Settled;
  seq: number;
  /** Judges it again, with each address that it is sent to. */
  judge: (policy: CompiledPolicy) => PolicyDecision;
}

const NOTHING_CARRIED = { bytesIn: 0, bytesOut: 0, durationMs: 0 };

export async function prepare(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  body: Buffer | null,
  place: Place = NO_PLACE,
): Promise<Prepared | { refused: Refusal } | { failed: string; error: string }> {
  const { state } = flow;
  const subject: Subject = {
    ...subjectOf(flow, { method: request.method, path: request.target }),
    ...(opensWebSocket(request) ? { protocol: flow.secure ? "wss" : "ws" } : {}),
  };
  const credentials = requestCredentials(context, flow, request, body);
  const held: string[] = [];
  const judgeRules = judgeOf(context, flow, request, body, held);
  const judge = (policy: CompiledPolicy, ip?: string): PolicyDecision => {
    const problem = credentials.problem(policy);
    return problem === null ? judgeRules(policy, ip) : { decision: "deny", rule: CREDENTIALS_RULE, reason: problem };
  };
  // Nobody is asked about a name for the sake of a request that is denied anyway.
  const connection = judgeConnection(state.inForce.policy, flow, context.now());
  const hopeless = judge(state.inForce.policy).decision === "deny" && !connection.addressPending;
  const resolved = hopeless
    ? { failed: "The policy changed while this was judged; ask again." }
    : await context.resolver.resolve(flow);
  const limited = (policy: CompiledPolicy, decision: PolicyDecision): PolicyDecision =>
    decision.decision === "allow" ? withinLimits(context, flow, policy, decision, "bytesProblem") : decision;
  const judgeAll = (policy: CompiledPolicy): PolicyDecision =>
    limited(
      policy,
      "failed" in resolved
        ? judge(policy)
        : keepAllowed(resolved.target, flow.host, (ip) => judge(policy, ip)).decision,
    );

  const take = requestTaker(context, flow);
  for (;;) {
    const judgeAndTake = (policy: CompiledPolicy) => {
      place.giveBack();
      subject.credentials = credentials.names(policy);
      return take(policy, judgeAll(policy));
    };
    // An exception for once is used by this request alone, and keeps its connection open.
    const settled = await settle(context, state, subject, judgeAndTake, [held, flow.held]);
    if (settled.decision === "deny" || settled.seq === null) return { refused: settled };
    const { seq, inForce } = settled;
    const over = (failure?: string) =>
      context.sink.end(seq, { ...NOTHING_CARRIED, ...(failure === undefined ? {} : { failure }) });
    if ("failed" in resolved) {
      over(resolved.failed);
      return { failed: resolved.failed, error: "upstream_unresolved" };
    }
    const { addresses } = keepAllowed(resolved.target, flow.host, (ip) => judge(inForce.policy, ip));
    const target = { ...resolved.target, addresses };
    try {
      const filled = await credentials.fill(inForce.policy);
      // A source may take its time; what was filled by a policy that is no more does not leave.
      const again = (policy: CompiledPolicy) =>
        limited(
          policy,
          judgeDialled(target, flow.host, (ip) => judge(policy, ip)),
        );
      if (state.inForce === inForce) return { ...filled, target, settled, seq, judge: again };
      over();
    } catch (error) {
      over();
      if (!(error instanceof CredentialUnavailable)) throw error;
      // The line above allowed it; this one says why nothing left.
      const { reason } = await refuse(context, state, subject, error.message, { rule: CREDENTIALS_RULE });
      return { failed: reason, error: "credential_unavailable" };
    }
  }
}

/** Only an upgrade that was taken for one keeps the header; in any other request it belonged to one hop and was dropped. */
const opensWebSocket = (request: CheckedRequest): boolean =>
  request.headers.some(([name]) => name.toLowerCase() === "upgrade");

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
export function judgeOf(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  body: Buffer | null,
  held: readonly string[] = [],
) {
  const judged = {
    ...asRequest(flow),
    held,
    method: request.method,
    path: request.target,
    headers: asRecord(request.headers),
    ...(body === null ? {} : { body: body.toString("utf8") }),
  };
  return (policy: CompiledPolicy, ip?: string): PolicyDecision =>
    decide(policy, ip === undefined ? judged : { ...judged, ip }, context.now());
}
