import { INFERENCE_HOST } from "@creel/policy";
import { bodyBytesHeld, bodyTooLarge, CREDENTIALS_RULE } from "../credentials/ofRequest.ts";
import { onInference } from "../inference.ts";
import { planOf } from "../judgeConnection.ts";
import { answerOwn } from "../own/answerOwn.ts";
import { refuse } from "../settle.ts";
import { type Context, type Flow, OWN_HOST } from "../state.ts";
import { answerFailure, answerRefusal } from "./answers.ts";
import { isUnreadable } from "./bodyForPolicy.ts";
import type { Call } from "./call.ts";
import { type CheckedRequest, checkRequest } from "./checkRequest.ts";
import { forward } from "./forward.ts";
import { holdForJudging } from "./holdForJudging.ts";
import { judgeOf, prepare, subjectOf } from "./prepare.ts";

/** One request on an inspected connection: checked, judged, written down, and only then forwarded. */
export async function onRequest(context: Context, flow: Flow, call: Call): Promise<void> {
  call.onError(() => call.cut());
  const { method, target } = call.head;
  const checked = checkRequest(call.head, flow);
  if (flow.refusal !== null) {
    const request = { method, path: "request" in checked ? checked.request.target : target };
    return answerRefusal(call, flow, await flow.refusal.tell(subjectOf(flow, request)), request, { close: true });
  }
  if ("problem" in checked) {
    const subject = subjectOf(flow, { method, path: target });
    const settled = await refuse(context, flow.state, subject, checked.problem);
    return answerRefusal(
      call,
      flow,
      settled,
      { method, path: null },
      { close: call.head.version !== "2", ...(checked.status === undefined ? {} : { status: checked.status }) },
    );
  }
  const { request } = checked;
  if (flow.host === INFERENCE_HOST) return onInference(context, flow, request, call);
  if (flow.host === OWN_HOST) return answerOwn(flow, request, call);
  await judgeAndForward(context, flow, request, call);
}

async function judgeAndForward(context: Context, flow: Flow, request: CheckedRequest, call: Call): Promise<void> {
  const refused = { method: request.method, path: request.target };
  const plan = planOf(flow.state.inForce.policy, flow, context.now());
  const judgedBytesMax = plan?.bodyBytesMax ?? 0;
  const heldBytesMax = bodyBytesHeld(context, flow, request);
  const held = await holdForJudging({
    context,
    flow,
    request,
    call,
    subject: subjectOf(flow, refused),
    bytesMax: Math.max(judgedBytesMax, heldBytesMax),
    judgeHead: judgedBytesMax > 0 ? null : (policy) => judgeOf(context, flow, request, null)(policy),
  });
  if (held === null) return;
  const { body, place } = held;
  if (body === "too-large" || (body !== null && judgedBytesMax > 0 && body.length > judgedBytesMax)) {
    const forRules = judgedBytesMax > 0;
    const reason = forRules ? "The body is larger than the policy can judge." : bodyTooLarge(heldBytesMax);
    const rule = forRules ? (plan?.rule ?? null) : CREDENTIALS_RULE;
    const settled = await refuse(context, flow.state, subjectOf(flow, refused), reason, { rule });
    answerRefusal(call, flow, settled, refused, { close: true });
    return;
  }
  if (body !== null && judgedBytesMax > 0 && isUnreadable(request, body)) {
    const reason = "The body is not UTF-8, so its words cannot be judged.";
    const settled = await refuse(context, flow.state, subjectOf(flow, refused), reason, { rule: plan?.rule ?? null });
    return answerRefusal(call, flow, settled, refused, { close: false });
  }
  const prepared = await prepare(context, flow, request, body, place);
  const judgedBody = judgedBytesMax > 0 ? body : null;
  if ("refused" in prepared) answerRefusal(call, flow, prepared.refused, refused, { close: false, body: judgedBody });
  else if ("failed" in prepared) answerFailure(call, prepared.error, prepared.failed);
  else forward({ context, flow, call, ...prepared });
}
