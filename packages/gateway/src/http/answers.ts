import type { ServerResponse } from "node:http";
import type { Flow, Refusal } from "../state.ts";

/** What a refused client reads: enough for an agent, and the person behind it, to know what to do next. */
export interface RefusedRequest {
  method: string | null;
  path: string | null;
}

export function refusalBody(flow: Flow, refusal: Refusal, request: RefusedRequest): string {
  return JSON.stringify({
    error: "policy_denied",
    rule: refusal.rule,
    reason: refusal.reason,
    host: flow.host,
    port: flow.port,
    binary: flow.identity.path,
    method: request.method,
    path: request.path,
    next_steps: [
      "Do not retry: the answer stays the same until the policy changes.",
      "Work without this request, or tell the person you work for that it was denied; they can allow it without a restart.",
    ],
  });
}

export function answerJson(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent || res.destroyed) {
    res.destroy();
    return;
  }
  res.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    ...headers,
  });
  res.end(body);
}

/** 403 with the reason. The rest of the request's body is read and thrown away, so that the client reads the answer and no reset. */
export function answerRefusal(
  res: ServerResponse,
  flow: Flow,
  refusal: Refusal,
  request: RefusedRequest,
  { close }: { close: boolean },
): void {
  res.req.resume();
  answerJson(res, 403, refusalBody(flow, refusal, request), {
    "x-creel-decision": "deny",
    ...(close ? { connection: "close" } : {}),
  });
}

export function answerFailure(res: ServerResponse, error: string, reason: string): void {
  res.req.resume();
  answerJson(res, 502, JSON.stringify({ error, reason }));
}
