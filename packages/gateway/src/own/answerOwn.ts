import { canonicalHost, exceptionProblem } from "@creel/policy";
import { agentAskSchema, type ExceptionScope, exceptionScopeSchema } from "@creel/protocol";
import { answerJson } from "../http/answers.ts";
import { readBody } from "../http/bodyForPolicy.ts";
import type { Call } from "../http/call.ts";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { AGENT_REQUEST_BYTES_MAX, AGENT_WAIT_SECONDS_MAX } from "../limits.ts";
import type { Flow } from "../state.ts";

const REQUESTS = "/v1/requests";
const ONE = /^\/v1\/requests\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The gateway's own page, which sandboxes see at `creel.local`: what confines them, and a way to ask people for more. */
export async function answerOwn(flow: Flow, request: CheckedRequest, call: Call): Promise<void> {
  const { method, path } = request;
  if (path === REQUESTS && method === "POST") return await ask(flow, call);
  const id = ONE.exec(path)?.[1];
  call.discardBody();
  if (id !== undefined && method === "GET") return look(flow, request, call, id);
  if (path === REQUESTS || path.startsWith(`${REQUESTS}/`))
    return problem(
      call,
      404,
      "not_found",
      "POST what you need to /v1/requests, and GET /v1/requests/ID?wait=60 for the answer.",
    );
  const { policyDigest, generation } = flow.state.inForce;
  answerJson(call, 200, JSON.stringify({ sandbox: flow.state.name, policyDigest, generation }));
}

const problem = (
  call: Call,
  status: number,
  error: string,
  reason: string,
  headers: Record<string, string> = {},
): void => answerJson(call, status, JSON.stringify({ error, reason }), headers);

async function ask(flow: Flow, call: Call): Promise<void> {
  const body = await readBody(call, { state: flow.state, bytesMax: AGENT_REQUEST_BYTES_MAX });
  if (typeof body === "string") {
    call.discardBody();
    return problem(call, 413, "too_large", `A request is at most ${AGENT_REQUEST_BYTES_MAX} bytes.`);
  }
  const read = readAsked(flow, body);
  if (typeof read === "string") return problem(call, 400, "invalid", read);
  const asked = flow.state.requests.ask(read.scope, read.reason);
  if (asked === "nobody")
    return problem(call, 501, "nobody", "Nobody can be asked here: this sandbox belongs to no fleet.");
  if (asked === "too-many")
    return problem(call, 429, "too_many", "Too many requests were made; wait for the answers.", {
      "retry-after": "60",
    });
  answerJson(call, asked.state === "waiting" ? 202 : 200, JSON.stringify(asked));
}

function readAsked(flow: Flow, body: Buffer): { scope: ExceptionScope; reason: string } | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return "The body is no JSON.";
  }
  const parsed = agentAskSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return `${issue?.path.join(".") || "body"}: ${issue?.message ?? "does not fit"}`;
  }
  const { reason, binary = flow.identity.path, ...wish } = parsed.data;
  const scope = exceptionScopeSchema.safeParse({
    ...wish,
    binary,
    host: canonicalHost(wish.host) ?? wish.host,
    ...(wish.method === undefined ? {} : { method: wish.method.toUpperCase() }),
  });
  if (!scope.success) return scope.error.issues[0]?.message ?? "The request does not fit.";
  return exceptionProblem({ ...scope.data, id: "", once: false, endsAtMs: 0 }) ?? { scope: scope.data, reason };
}

function look(flow: Flow, request: CheckedRequest, call: Call, id: string): void {
  const { requests } = flow.state;
  const say = (): void => {
    const known = requests.get(id);
    if (known === null) problem(call, 404, "not_found", "Nothing of this name was asked lately; ask again.");
    else answerJson(call, 200, JSON.stringify(known));
  };
  const seconds = waitOf(request.target);
  if (seconds === 0 || requests.get(id)?.state !== "waiting") {
    say();
    return;
  }
  let timer: NodeJS.Timeout | undefined;
  const forget = requests.onAnswer(id, () => {
    clearTimeout(timer);
    say();
  });
  // Too many wait already: this one hears what is known now.
  if (forget === null) {
    say();
    return;
  }
  timer = setTimeout(() => {
    forget();
    say();
  }, seconds * 1000);
  timer.unref();
  call.onGone(() => {
    clearTimeout(timer);
    forget();
  });
}

function waitOf(target: string): number {
  const wait = Number(new URLSearchParams(target.split("?")[1] ?? "").get("wait") ?? 0);
  return Number.isFinite(wait) ? Math.min(AGENT_WAIT_SECONDS_MAX, Math.max(0, wait)) : 0;
}
