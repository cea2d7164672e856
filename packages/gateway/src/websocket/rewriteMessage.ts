import { credentialPlan } from "@creel/policy";
import { CredentialUnavailable, currentValue } from "../credentials/credential.ts";
import { type CredentialUse, credentialProblem } from "../credentials/uses.ts";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { asRequest } from "../judgeConnection.ts";
import type { Context, Flow } from "../state.ts";

/** What of a client's text message changes between the judge and the server. The text that is judged still holds placeholders. */
export interface MessageRewrite {
  context: Context;
  flow: Flow;
  /** The upgrade that opened the WebSocket. */
  request: CheckedRequest;
  text: string;
}

/** Whether messages of this WebSocket must be read because something in them may change, whatever the policy says of judging them. */
export function rewritesMessages(context: Context, flow: Flow, request: CheckedRequest): boolean {
  const { credentials, inForce } = flow.state;
  if (credentials.all().length === 0) return false;
  return credentialPlan(inForce.policy, { ...asRequest(flow), path: request.path }, context.now()).webSocketText;
}

/** Names of the credentials that would be put into this message. */
export function credentialsIn({ context, flow, request, text }: MessageRewrite): string[] {
  if (!rewritesMessages(context, flow, request)) return [];
  const all = flow.state.credentials.all();
  return all.filter(({ placeholder }) => text.includes(placeholder)).map(({ name }) => name);
}

/** With credentials in place of their placeholders, where the policy in force when it is sent says so. */
export async function rewriteMessage({
  context,
  flow,
  request,
  text,
}: MessageRewrite): Promise<{ text: string } | { refused: string }> {
  const { inForce } = flow.state;
  const { policy } = inForce;
  const store = flow.state.credentials;
  const found = store.all().filter(({ placeholder }) => text.includes(placeholder));
  if (found.length === 0) return { text };
  const plan = credentialPlan(policy, { ...asRequest(flow), path: request.path }, context.now());
  if (!plan.webSocketText) return { text };
  const place = { host: flow.host, port: flow.port, path: request.path, secure: flow.secure };
  const uses: CredentialUse[] = found.map((credential) => ({ credential, where: "message", place: "a message" }));
  const problem = credentialProblem(policy, plan, uses, place);
  if (problem !== null) return { refused: problem };
  const json = isJson(text);
  let filled = text;
  try {
    for (const credential of found) {
      store.sent(credential, place);
      const value = await currentValue(credential);
      const written = json ? JSON.stringify(value).slice(1, -1) : value;
      filled = filled.replaceAll(credential.placeholder, () => written);
    }
  } catch (error) {
    if (error instanceof CredentialUnavailable) return { refused: error.message };
    throw error;
  }
  // A source may take its time: what leaves is what the policy of now allows.
  return flow.state.inForce === inForce ? { text: filled } : rewriteMessage({ context, flow, request, text });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
