import { type CompiledPolicy, type CredentialPlan, credentialPlan } from "@creel/policy";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { asRequest } from "../judgeConnection.ts";
import { REWRITTEN_BODY_BYTES_MAX, SIGNED_BODY_BYTES_MAX } from "../limits.ts";
import type { Context, Flow } from "../state.ts";
import { findAccount, scopeOf } from "./aws/account.ts";
import { payloadHash, signAws } from "./aws/sign.ts";
import { bodyKindOf } from "./bodies.ts";
import { currentValue } from "./credential.ts";
import { inject } from "./inject.ts";
import { credentialProblem, usesIn } from "./uses.ts";

/** The rule under which a misdirected credential is written down. */
export const CREDENTIALS_RULE = "credentials";

/** What one request does with credentials, for every version of HTTP. */
export interface RequestCredentials {
  /** The names of those it carries or is signed with, for the record of it. */
  names(policy: CompiledPolicy): readonly string[];
  /** Why the policy refuses it, or null. Asked for each policy that is in force while the request lives. */
  problem(policy: CompiledPolicy): string | null;
  /** The request as it leaves. Rejects with `CredentialUnavailable`. */
  fill(policy: CompiledPolicy): Promise<{ request: CheckedRequest; body: Buffer | null }>;
}

/** How much of this request's body has to be held before anything of it may leave; 0: it streams. */
export function bodyBytesHeld(context: Context, flow: Flow, request: CheckedRequest): number {
  const { state } = flow;
  if (request.body === "none") return 0;
  const { signing, requestBodies } = planFor(context, flow, request, state.inForce.policy);
  if (signing !== null) return payloadHash(request, signing) === null ? SIGNED_BODY_BYTES_MAX : 0;
  if (state.credentials.all().length === 0 || !requestBodies) return 0;
  return bodyKindOf(request.headers) === null ? 0 : REWRITTEN_BODY_BYTES_MAX;
}

export const bodyTooLarge = (bytesMax: number): string =>
  `The endpoint puts credentials into bodies or signs them, and takes such bodies of up to ${bytesMax} bytes.`;

const planFor = (context: Context, flow: Flow, { path }: CheckedRequest, policy: CompiledPolicy): CredentialPlan =>
  credentialPlan(policy, { ...asRequest(flow), path }, context.now());

/** `body`: as held, or null when it streams. */
export function requestCredentials(
  context: Context,
  flow: Flow,
  request: CheckedRequest,
  body: Buffer | null,
): RequestCredentials {
  const store = flow.state.credentials;
  const parts = { path: request.path, target: request.target, headers: request.headers, body };
  const uses = usesIn(parts, store.all());
  const place = { host: flow.host, port: flow.port, path: request.path };
  const scope = scopeOf(request.headers, request.target);

  function names(policy: CompiledPolicy): readonly string[] {
    if (store.all().length === 0) return [];
    const plan = planFor(context, flow, request, policy);
    const wanted = uses.filter(({ where }) => where !== "body" || plan.requestBodies);
    const carried = [...new Set(wanted.map(({ credential }) => credential.name))];
    if (plan.signing === null || (scope !== null && "problem" in scope)) return carried;
    const account = findAccount(policy, plan, store, place, scope);
    return "problem" in account ? carried : [...new Set([account.accessKeyId.name, ...carried])];
  }

  function problem(policy: CompiledPolicy): string | null {
    const plan = planFor(context, flow, request, policy);
    const misused = credentialProblem(policy, plan, uses, { ...place, secure: flow.secure });
    if (misused !== null || plan.signing === null) return misused;
    if (!flow.secure) return "A request is signed for AWS over TLS only.";
    if (scope !== null && "problem" in scope) return scope.problem;
    const account = findAccount(policy, plan, store, place, scope);
    return "problem" in account ? account.problem : null;
  }

  async function fill(policy: CompiledPolicy): Promise<{ request: CheckedRequest; body: Buffer | null }> {
    const plan = planFor(context, flow, request, policy);
    const wanted = uses.filter(({ where }) => where !== "body" || plan.requestBodies);
    for (const { credential } of wanted) store.sent(credential, place);
    const { target, headers, body: filled } = wanted.length === 0 ? parts : await inject(parts, wanted);
    const out = { ...request, target, headers: [...headers] };
    if (plan.signing === null || (scope !== null && "problem" in scope)) return { request: out, body: filled };
    const account = findAccount(policy, plan, store, place, scope);
    if ("problem" in account) return { request: out, body: filled };
    const { accessKeyId, secretAccessKey, sessionToken } = account;
    for (const credential of [accessKeyId, sessionToken]) if (credential !== null) store.sent(credential, place);
    const [id, secret, token] = await Promise.all([
      currentValue(accessKeyId),
      currentValue(secretAccessKey),
      sessionToken === null ? null : currentValue(sessionToken),
    ]);
    const signed = await signAws({
      request: out,
      body: filled,
      signing: plan.signing,
      scopeRegion: scope?.region ?? null,
      keys: { accessKeyId: id, secretAccessKey: secret, sessionToken: token },
      host: flow.port === 443 ? flow.host : `${flow.host}:${flow.port}`,
      nowMs: context.now(),
    });
    return { request: signed, body: filled };
  }

  return { names, problem, fill };
}
