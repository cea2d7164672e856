import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import { INFERENCE_HOST, planEndpoint } from "@creel/policy";
import type { InferenceResponse } from "@creel/router";
import { answerFailure, answerJson, answerRefusal } from "./http/answers.ts";
import { readBody } from "./http/bodyForPolicy.ts";
import type { CheckedRequest } from "./http/checkRequest.ts";
import { asRecord } from "./http/headerRecord.ts";
import { judgeOf } from "./http/prepare.ts";
import { asRequest } from "./judgeConnection.ts";
import { INFERENCE_BODY_BYTES_MAX } from "./limits.ts";
import { refuse, settle } from "./settle.ts";
import { type Context, type Exchange, type Flow, resetSocket } from "./state.ts";

/**
 * A call to the model. It never leaves as the agent sent it: the router, in this process, makes the call with the real credential.
 * Whatever key the agent sends is a placeholder and goes nowhere.
 */
export async function onInference(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
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
  const body = request.body === "none" ? Buffer.alloc(0) : await readBody(req, res, INFERENCE_BODY_BYTES_MAX);
  if (body === "too-large") {
    const settled = await refuse(
      context,
      flow.state,
      subject,
      `A request to the model may have ${INFERENCE_BODY_BYTES_MAX} bytes.`,
    );
    return answerRefusal(res, flow, settled, refused, { close: true });
  }
  const plan = planEndpoint(flow.state.inForce.policy, asRequest(flow), context.now());
  const judge = judgeOf(context, flow, request, plan !== null && plan.bodyBytesMax > 0 ? body : null);
  const model = modelNamed(body);
  const settled = await settle(context, flow.state, subject, (policy) => {
    const decision = judge(policy);
    return model === null ? decision : { ...decision, reason: `Model ${model}. ${decision.reason}` };
  });
  if (settled.decision === "deny" || settled.seq === null) {
    return answerRefusal(res, flow, settled, refused, { close: false });
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
      resetSocket(flow.socket);
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
  res.once("close", () => abort.abort());
  try {
    if (context.router === null) return answerJson(res, 503, NO_MODEL);
    const answer = await context.router.handle({
      method: request.method,
      path: request.target,
      headers: asRecord(request.headers),
      body,
      signal: abort.signal,
    });
    await writeAnswer(res, answer, (bytes) => {
      bytesIn += bytes;
    });
  } catch {
    // What the router throws may speak of its upstream; the client sees that it broke, not how.
    if (res.headersSent) resetSocket(flow.socket);
    else answerFailure(res, "inference_failed", "The inference router failed on this request.");
  } finally {
    finish();
  }
}

const NO_MODEL = JSON.stringify({ error: { type: "no_model", message: "No model is configured on this host." } });

async function writeAnswer(
  res: ServerResponse,
  answer: InferenceResponse,
  count: (bytes: number) => void,
): Promise<void> {
  res.writeHead(answer.status, answer.headers);
  if (Buffer.isBuffer(answer.body)) {
    count(answer.body.length);
    res.end(answer.body);
    return;
  }
  res.flushHeaders();
  for await (const chunk of answer.body) {
    if (res.destroyed) return;
    count(chunk.length);
    if (!res.write(chunk)) await Promise.race([once(res, "drain"), once(res, "close")]);
  }
  res.end();
  await finished(res).catch(() => {});
}

const once = (res: ServerResponse, event: "drain" | "close"): Promise<void> =>
  new Promise((resolve) => {
    res.once(event, () => resolve());
  });

const MODEL_CHARS_MAX = 256;
/** For the journal only; the policy and the router read the body for themselves. */
function modelNamed(body: Buffer): string | null {
  if (body.length === 0) return null;
  try {
    const parsed: unknown = JSON.parse(body.toString("utf8"));
    if (typeof parsed !== "object" || parsed === null || !("model" in parsed)) return null;
    return typeof parsed.model === "string" ? parsed.model.slice(0, MODEL_CHARS_MAX) : null;
  } catch {
    return null;
  }
}
