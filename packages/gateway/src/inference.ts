import { once } from "node:events";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { INFERENCE_HOST, modelAsked, planEndpoint } from "@creel/policy";
import type { InferenceResponse } from "@creel/router";
import { answerFailure, answerJson, answerRefusal } from "./http/answers.ts";
import type { Call } from "./http/call.ts";
import type { CheckedRequest } from "./http/checkRequest.ts";
import { asRecord } from "./http/headerRecord.ts";
import { holdForJudging } from "./http/holdForJudging.ts";
import { judgeOf } from "./http/prepare.ts";
import { asRequest } from "./judgeConnection.ts";
import { INFERENCE_BODY_BYTES_MAX } from "./limits.ts";
import { refuse, settle } from "./settle.ts";
import type { Context, Exchange, Flow } from "./state.ts";
import { requestTaker } from "./withinLimits.ts";

/**
 * A call to the model. It never leaves as the agent sent it: the router, in this process, makes the call with the real credential.
 * Whatever key the agent sends is a placeholder and goes nowhere.
 */
export async function onInference(context: Context, flow: Flow, request: CheckedRequest, call: Call): Promise<void> {
  const subject = {
    kind: "inference" as const,
    identity: flow.identity,
    host: INFERENCE_HOST,
    port: flow.port,
    protocol: flow.secure ? "https" : "http",
    method: request.method,
    path: request.target,
  };
  const refused = { method: request.method, path: request.target };
  const before = planEndpoint(flow.state.inForce.policy, asRequest(flow), context.now());
  const held = await holdForJudging({
    context,
    flow,
    request,
    call,
    subject,
    bytesMax: INFERENCE_BODY_BYTES_MAX,
    judgeHead: (before?.bodyBytesMax ?? 0) > 0 ? null : judgeOf(context, flow, request, null),
  });
  if (held === null) return;
  const { place } = held;
  const body = held.body ?? Buffer.alloc(0);
  if (body === "too-large") {
    const settled = await refuse(
      context,
      flow.state,
      subject,
      `A request to the model may have ${INFERENCE_BODY_BYTES_MAX} bytes.`,
    );
    return answerRefusal(call, flow, settled, refused, { close: true });
  }
  const plan = planEndpoint(flow.state.inForce.policy, asRequest(flow), context.now());
  const judge = judgeOf(context, flow, request, plan !== null && plan.bodyBytesMax > 0 ? body : null);
  // For the journal only; the policy and the router read the request for themselves.
  const model = modelAsked(request.target, body.toString("utf8"))?.slice(0, MODEL_CHARS_MAX) ?? null;
  const take = requestTaker(context, flow);
  const settled = await settle(context, flow.state, subject, (policy) => {
    const decision = judge(policy);
    const named = model === null ? decision : { ...decision, reason: `Model ${model}. ${decision.reason}` };
    place.giveBack();
    return take(policy, named);
  });
  if (settled.decision === "deny" || settled.seq === null) {
    return answerRefusal(call, flow, settled, refused, { close: false });
  }

  const startedAt = context.now();
  const { seq } = settled;
  let bytesIn = 0;
  const bytesOut = body.length;
  const abort = new AbortController();
  const exchange: Exchange = {
    stillAllowed: (policy) => judge(policy).decision !== "deny",
    cut: () => {
      finish();
      abort.abort();
      call.cut();
    },
  };
  let ended = false;
  function finish(): void {
    if (ended) return;
    ended = true;
    flow.exchanges.delete(exchange);
    context.sink.end(seq, { bytesIn, bytesOut, durationMs: context.now() - startedAt });
  }
  flow.exchanges.add(exchange);
  call.onGone(() => abort.abort());
  try {
    if (context.router === null) return answerJson(call, 503, NO_MODEL);
    const answer = await context.router.handle({
      method: request.method,
      path: request.target,
      headers: asRecord(request.headers),
      body,
      signal: abort.signal,
    });
    await writeAnswer(call, answer, (bytes) => {
      bytesIn += bytes;
    });
  } catch {
    // What the router throws may speak of its upstream; the client sees that it broke, not how.
    if (call.answered) call.cut();
    else answerFailure(call, "inference_failed", "The inference router failed on this request.");
  } finally {
    finish();
  }
}

const NO_MODEL = JSON.stringify({ error: { type: "no_model", message: "No model is configured on this host." } });

async function writeAnswer(call: Call, answer: InferenceResponse, count: (bytes: number) => void): Promise<void> {
  const out = call.answer({ status: answer.status, headers: Object.entries(answer.headers) });
  if (Buffer.isBuffer(answer.body)) {
    count(answer.body.length);
    out.end(answer.body);
    return;
  }
  call.flushHead();
  for await (const chunk of answer.body) {
    if (call.gone) return;
    count(chunk.length);
    if (!out.write(chunk)) await drained(out);
  }
  out.end();
  await finished(out, { readable: false }).catch(() => {});
}

/** Room for more, or nobody who would read it. */
async function drained(out: Writable): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(out, "drain", { signal }), once(out, "close", { signal })]).catch(() => {});
  waiting.abort();
}

const MODEL_CHARS_MAX = 256;
