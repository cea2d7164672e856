import type { IncomingMessage, ServerResponse } from "node:http";
import { INFERENCE_HOST, planEndpoint } from "@creel/policy";
import { onInference } from "../inference.ts";
import { asRequest } from "../judgeConnection.ts";
import { refuse } from "../settle.ts";
import { type Context, type Flow, OWN_HOST, resetSocket } from "../state.ts";
import { answerFailure, answerJson, answerRefusal } from "./answers.ts";
import { bodyForPolicy } from "./bodyForPolicy.ts";
import { type CheckedRequest, checkRequest } from "./checkRequest.ts";
import { forward } from "./forward.ts";
import { prepare, subjectOf } from "./prepare.ts";

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
    const request = {
      method: req.method ?? null,
      path: "request" in checked ? checked.request.target : (req.url ?? null),
    };
    return answerRefusal(res, flow, await flow.refusal.tell(subjectOf(flow, request)), request, { close: true });
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

async function judgeAndForward(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const refused = { method: request.method, path: request.target };
  const plan = planEndpoint(flow.state.inForce.policy, asRequest(flow), context.now());
  const body = await bodyForPolicy(req, res, request, plan?.bodyBytesMax ?? 0);
  if (body === "too-large") {
    const reason = "The body is larger than the policy can judge.";
    const settled = await refuse(context, flow.state, subjectOf(flow, refused), reason, { rule: plan?.rule ?? null });
    answerRefusal(res, flow, settled, refused, { close: true });
    return;
  }
  const prepared = await prepare(context, flow, request, body);
  if ("refused" in prepared) answerRefusal(res, flow, prepared.refused, refused, { close: false });
  else if ("failed" in prepared) answerFailure(res, "upstream_unresolved", prepared.failed);
  else forward({ context, flow, request, body, req, res, ...prepared });
}

/** What an agent may know of its own confinement: that it is there, and which version. */
function answerOwn(flow: Flow, res: ServerResponse): void {
  res.req.resume();
  const { policyDigest, generation } = flow.state.inForce;
  answerJson(res, 200, JSON.stringify({ sandbox: flow.state.name, policyDigest, generation }));
}
