import { type CompiledPolicy, credentialPlan } from "@creel/policy";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { asRequest } from "../judgeConnection.ts";
import { REWRITTEN_MESSAGE_BYTES_MAX } from "../limits.ts";
import type { Context, Flow } from "../state.ts";
import { CredentialUnavailable, isSigningName } from "./credential.ts";
import { type CredentialUse, credentialProblem } from "./uses.ts";

export type FilledMessage = { text: string } | { refused: string };
/** A client's WebSocket text with credentials in place of their placeholders, under the policy in force when it is sent. */
export type MessageFill = (text: string) => Promise<FilledMessage>;

/** Whether messages have to be read at all for the sake of credentials, under this policy. */
export function fillsMessages(context: Context, flow: Flow, request: CheckedRequest, policy: CompiledPolicy): boolean {
  if (flow.state.credentials.all().length === 0) return false;
  return credentialPlan(policy, { ...asRequest(flow), path: request.path }, context.now()).webSocketText;
}

/** `request`: the upgrade. The policy judges the message as the sandbox wrote it; this is called after that. */
export function createMessageFill(context: Context, flow: Flow, request: CheckedRequest): MessageFill {
  const { state } = flow;
  const place = { host: flow.host, port: flow.port, path: request.path };
  return async (text) => {
    const { policy } = state.inForce;
    const plan = credentialPlan(policy, { ...asRequest(flow), path: request.path }, context.now());
    const found = state.credentials.all().filter(({ placeholder }) => text.includes(placeholder));
    if (found.length === 0 || !plan.webSocketText) return { text };
    if (Buffer.byteLength(text) > REWRITTEN_MESSAGE_BYTES_MAX)
      return { refused: `A message with a credential may have ${REWRITTEN_MESSAGE_BYTES_MAX} bytes.` };
    const uses: CredentialUse[] = found.map((credential) => ({ credential, where: "message", place: "a message" }));
    const problem = credentialProblem(policy, plan, uses, { ...place, secure: flow.secure });
    if (problem !== null) return { refused: problem };
    const json = isJson(text);
    let filled = text;
    try {
      for (const credential of found) {
        if (isSigningName(credential.name)) continue;
        state.credentials.sent(credential, place);
        const value = await credential.source.current();
        const written = json ? JSON.stringify(value).slice(1, -1) : value;
        filled = filled.replaceAll(credential.placeholder, () => written);
      }
    } catch (error) {
      if (error instanceof CredentialUnavailable) return { refused: error.message };
      throw error;
    }
    return { text: filled };
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
