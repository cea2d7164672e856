import type { Flow, Refusal } from "../state.ts";
import type { AnswerHead, Call } from "./call.ts";
import { grpcStatus, isGrpc } from "./grpc.ts";
import { refusalInProtocol } from "./refusalInProtocol.ts";

/** What a refused client reads: enough for an agent, and the person behind it, to know what to do next. */
export interface RefusedRequest {
  method: string | null;
  path: string | null;
}

export const refusalBody = (flow: Flow, refusal: Refusal, request: RefusedRequest): string =>
  JSON.stringify(refusalWords(flow, refusal, request));

function refusalWords(flow: Flow, refusal: Refusal, request: RefusedRequest): Readonly<Record<string, unknown>> {
  return {
    error: "policy_denied",
    rule: refusal.rule,
    reason: refusal.reason,
    host: flow.host,
    port: flow.port,
    binary: flow.identity.path,
    method: request.method,
    path: request.path,
    next_steps: [
      refusal.retryAfterSeconds === undefined
        ? "Do not retry: the answer stays the same until the policy changes."
        : `Ask again in ${refusal.retryAfterSeconds} s; until then the answer stays the same.`,
      "Work without this request, or tell the person you work for that it was denied; they can allow it without a restart.",
    ],
  };
}

export function answerJson(
  call: Call,
  status: number,
  body: string,
  { type = "application/json", ...headers }: Record<string, string> & { type?: string } = {},
): void {
  if (call.answered || call.gone) {
    call.cut();
    return;
  }
  const head: AnswerHead = {
    status,
    headers: [
      ["content-type", type],
      ["content-length", String(Buffer.byteLength(body))],
      ["cache-control", "no-store"],
      ...Object.entries(headers),
    ],
  };
  call.answer(head).end(body);
}

/**
 * The reason, as 403 unless another status says it better; a gRPC client reads it as its call's status. `body`: where the policy reads
 * bodies, the refused one; then the answer is in its protocol.
 */
export function answerRefusal(
  call: Call,
  flow: Flow,
  refusal: Refusal,
  request: RefusedRequest,
  {
    close,
    status = refusal.retryAfterSeconds === undefined ? 403 : 429,
    body = null,
  }: { close: boolean; status?: number; body?: Buffer | null },
): void {
  call.discardBody();
  if (close) call.closeAfter();
  const { retryAfterSeconds } = refusal;
  const decision = {
    "x-creel-decision": "deny",
    ...(retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) }),
  };
  if (isGrpc(call.head.headers)) {
    answerGrpc(call, "denied", refusal.reason, decision);
    return;
  }
  const words = refusalWords(flow, refusal, request);
  const { headers } = call.head;
  const accept = headers.flatMap(([name, value]) => (name.toLowerCase() === "accept" ? [value] : [])).join();
  const spoken = body === null ? null : refusalInProtocol({ body, accept, reason: refusal.reason, words, status });
  if (spoken === null) answerJson(call, status, JSON.stringify(words), decision);
  else answerJson(call, spoken.status, spoken.body, { ...decision, type: spoken.type });
}

export function answerFailure(call: Call, error: string, reason: string, { status = 502 } = {}): void {
  call.discardBody();
  if (isGrpc(call.head.headers)) answerGrpc(call, "failed", reason);
  else answerJson(call, status, JSON.stringify({ error, reason }));
}

function answerGrpc(call: Call, why: "denied" | "failed", reason: string, more: Record<string, string> = {}): void {
  if (call.answered || call.gone) call.cut();
  else call.answer({ status: 200, ended: true, headers: [...grpcStatus(why, reason), ...Object.entries(more)] }).end();
}
