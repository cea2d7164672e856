import { canonicalHost, exceptionProblem } from "@creel/policy";
import { AGENT_REASON_CHARS_MAX, agentAskSchema, type ExceptionScope, exceptionScopeSchema } from "@creel/protocol";
import { answerJson } from "../http/answers.ts";
import { readBody } from "../http/bodyForPolicy.ts";
import type { Call } from "../http/call.ts";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { AGENT_REQUEST_BYTES_MAX, AGENT_WAIT_SECONDS_MAX } from "../limits.ts";
import type { Flow } from "../state.ts";

const REQUESTS = "/v1/requests";
/** What an agent, or who writes one, can copy. */
const EXAMPLE =
  '{"host": "api.example.com", "port": 443, "method": "POST", "path": "/items/*", "reason": "what it is for"}';
const HOW_TO_ASK = `POST ${EXAMPLE} to http://creel.local${REQUESTS}, and GET http://creel.local${REQUESTS}/ID?wait=60 for the answer of people.`;
const ONE = /^\/v1\/requests\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The gateway's own page, which sandboxes see at `creel.local`: what confines them, and a way to ask people for more. */
export async function answerOwn(flow: Flow, request: CheckedRequest, call: Call): Promise<void> {
  const { method, path } = request;
  if (path === REQUESTS && method === "POST") return await ask(flow, call);
  const id = ONE.exec(path)?.[1];
  call.discardBody();
  if (id !== undefined && method === "GET") return look(flow, request, call, id);
  if (path === REQUESTS || path.startsWith(`${REQUESTS}/`)) return problem(call, 404, "not_found", HOW_TO_ASK);
  const { policyDigest, generation } = flow.state.inForce;
  answerJson(
    call,
    200,
    JSON.stringify({ sandbox: flow.state.name, policyDigest, generation, toAskForMore: HOW_TO_ASK }),
  );
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
  if ("tooMany" in asked)
    return problem(call, 429, "too_many", asked.tooMany, { "retry-after": `${asked.retryAfterSeconds}` });
  answerJson(call, asked.state === "waiting" ? 202 : 200, JSON.stringify(asked));
}

function readAsked(flow: Flow, body: Buffer): { scope: ExceptionScope; reason: string } | string {
  let json: unknown;
  try {
    json = JSON.parse(body.toString("utf8"));
  } catch {
    return `The body is no JSON. It should look like ${EXAMPLE}.`;
  }
  const parsed = agentAskSchema.safeParse(json);
  if (!parsed.success) return wrongField(parsed.error.issues[0]);
  const { reason, binary = flow.identity.path, ...wish } = parsed.data;
  const scope = exceptionScopeSchema.safeParse({
    ...wish,
    binary,
    host: canonicalHost(wish.host) ?? wish.host,
    ...(wish.method === undefined ? {} : { method: wish.method.toUpperCase() }),
  });
  if (!scope.success) return wrongField(scope.error.issues[0]);
  return exceptionProblem({ ...scope.data, id: "", once: false, endsAtMs: 0 }) ?? { scope: scope.data, reason };
}

/** Of a field's name in an answer; the agent wrote it. */
const FIELD_CHARS_MAX = 64;
const MEANING: Readonly<Record<string, string>> = {
  host: "`host` is the one name or address that is needed, as text.",
  port: "`port` is a number from 1 to 65535.",
  method: "`method` is one HTTP method, or left out.",
  path: "`path` begins with a slash and has at most 2,048 characters, or is left out.",
  binary: "`binary` is the absolute path of the program that needs it, or is left out.",
  reason: `\`reason\` says what for, in 1 to ${AGENT_REASON_CHARS_MAX} characters: people read it.`,
};

/** As the parser tells what is wrong: where, or which fields there are not. */
interface Issue {
  path: readonly PropertyKey[];
  keys?: readonly string[];
}

/** What the agent should write instead, of the first field that is wrong. */
function wrongField(issue: Issue | undefined): string {
  const [unknown] = issue?.keys ?? [];
  if (unknown !== undefined)
    return `There is no field \`${unknown.slice(0, FIELD_CHARS_MAX)}\`; there are ${Object.keys(MEANING).join(", ")}.`;
  return MEANING[String(issue?.path[0] ?? "")] ?? `The body is no object. It should look like ${EXAMPLE}.`;
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
