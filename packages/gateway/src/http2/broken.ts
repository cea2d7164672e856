import { subjectOf } from "../http/prepare.ts";
import { refuse } from "../settle.ts";
import type { Context, Flow } from "../state.ts";

/** The line about a connection whose HTTP/2 could not be read, or was too much. Never rejects. */
export function refuseBroken(context: Context, flow: Flow, problem: string): void {
  const subject = subjectOf(flow, { method: null, path: null });
  if (flow.refusal !== null) void flow.refusal.tell(subject);
  else void refuse(context, flow.state, subject, `This is not HTTP/2 as it may be spoken here (${problem}).`);
}
