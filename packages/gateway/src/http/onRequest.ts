import type { IncomingMessage, ServerResponse } from "node:http";
import { type CompiledPolicy, decide, INFERENCE_HOST, type PolicyDecision, planEndpoint } from "@creel/policy";
import { applyCredentials } from "../credentials/bindings.ts";
import { onInference } from "../inference.ts";
import { asRequest, judgeConnection } from "../judgeConnection.ts";
import { refuse, type Subject, settle } from "../settle.ts";
import { type Context, type Flow, OWN_HOST, resetSocket } from "../state.ts";
import { keepAllowed } from "../upstream/resolve.ts";
import { answerFailure, answerJson, answerRefusal } from "./answers.ts";
import { bodyForPolicy } from "./bodyForPolicy.ts";
import { type CheckedRequest, checkRequest } from "./checkRequest.ts";
import { forward } from "./forward.ts";
import { asRecord } from "./headerRecord.ts";

/** One request on an inspected connection: checked, judged, written down, and only then forwarded. */
export async function onRequest(
  context: Context,
  flow: Flow,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  res.on("error", () => resetSocket(flow.socket));
  const checked = checkRequest(req, flow);
  if (flow.refusal !== null) {
    const request = { method: req.method ?? null, path: "request" in checked ? checked.request.path : null };
    return answerRefusal(res, flow, flow.refusal, request, { close: true });
  }
  if ("problem" in checked) {
    const subject = subjectOf(flow, { method: req.method ?? null, path: req.url ?? null });
    const settled = await refuse(context, flow.state, subject, checked.problem);
    return answerRefusal(res, flow, settled, { method: subject.method, path: null }, { close: true });
  }
  const { request } = checked;
  if (flow.host === INFERENCE_HOST) return onInference(context, flow, request, req, res);
  if (flow.host === OWN_HOST) return answerOwn(flow, res);
  await judgeAndForward(context, flow, request, req, res);
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

async function judgeAndForward(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const { state } = flow;
  const subject = subjectOf(flow, { method: request.method, path: request.target });
  const deny = async (reason: string, rule: string | null = null) => {
    const settled = await refuse(context, state, subject, reason, rule);
    answerRefusal(res, flow, settled, { method: request.method, path: request.target }, { close: false });
  };

  const plan = planEndpoint(state.inForce.policy, asRequest(flow), context.now());
  const body = await bodyForPolicy(req, res, request, plan?.bodyBytesMax ?? 0);
  if (body === "too-large") return deny("The body is larger than the policy can judge.", plan?.rule ?? null);
  const judge = judgeOf(context, flow, request, body);

  const credentials = await applyCredentials(request.headers, state.credentials, {
    host: flow.host,
    port: flow.port,
    path: request.path,
    target: request.target,
    secure: flow.secure,
  });
  if ("refused" in credentials) return deny(credentials.refused, "credentials");

  // Nobody is asked about a name for the sake of a request that is denied anyway.
  const connection = judgeConnection(state.inForce.policy, flow, context.now());
  const hopeless = judge(state.inForce.policy).decision === "deny" && !connection.addressPending;
  const resolved = hopeless
    ? { failed: "The policy changed meanwhile; ask again." }
    : await context.resolver.resolve(flow);
  const judgeAll = (policy: CompiledPolicy): PolicyDecision =>
    "failed" in resolved ? judge(policy) : keepAllowed(resolved.target, flow.host, (ip) => judge(policy, ip)).decision;

  const settled = await settle(context, state, subject, judgeAll);
  if (settled.decision === "deny" || settled.seq === null) {
    return answerRefusal(res, flow, settled, { method: request.method, path: request.target }, { close: false });
  }
  const { seq } = settled;
  if ("failed" in resolved) {
    context.sink.end(seq, { bytesIn: 0, bytesOut: 0, durationMs: 0 });
    return answerFailure(res, "upstream_unresolved", resolved.failed);
  }
  const { addresses } = keepAllowed(resolved.target, flow.host, (ip) => judge(settled.inForce.policy, ip));
  const target = { ...resolved.target, addresses };
  forward({
    context,
    flow,
    request,
    headers: credentials.headers,
    body,
    target,
    settled,
    seq,
    judge: judgeAll,
    req,
    res,
  });
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

/** What an agent may know of its own confinement: that it is there, and which version. */
function answerOwn(flow: Flow, res: ServerResponse): void {
  res.req.resume();
  const { policyDigest, generation } = flow.state.inForce;
  answerJson(res, 200, JSON.stringify({ sandbox: flow.state.name, policyDigest, generation }));
}
