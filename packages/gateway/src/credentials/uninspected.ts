import { allowsUninspectedCredentials, type CompiledPolicy, mayHoldCredential } from "@creel/policy";
import { asRequest } from "../judgeConnection.ts";
import type { Context, Flow } from "../state.ts";

/**
 * Nothing is put into a connection that nobody reads. A place to which the policy binds a secret of this sandbox is expected to be
 * read; where it is not, the policy has to say that it means it.
 */
export function uninspectedProblem(context: Context, flow: Flow, policy: CompiledPolicy): string | null {
  const { host, port } = flow;
  const bound = flow.state.credentials.all().find(({ name }) => mayHoldCredential(policy, { name, host, port }));
  if (bound === undefined || allowsUninspectedCredentials(policy, asRequest(flow), context.now())) return null;
  return `The credential ${bound.name} is bound to ${host}:${port}, where nothing inspects the connection and puts it in; set \`allow_uninspected_credentials\` if that is meant.`;
}
