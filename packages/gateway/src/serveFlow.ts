import type { HttpFront } from "./http/front.ts";
import { judgeConnection } from "./judgeConnection.ts";
import { peekFirstBytes } from "./peek.ts";
import { relayRaw } from "./raw.ts";
import { refuseFlow } from "./refuseFlow.ts";
import { resetSocket } from "./resetSocket.ts";
import { refuse } from "./settle.ts";
import type { Context, Flow, Subject } from "./state.ts";
import { terminateTls } from "./terminateTls.ts";

/**
 * A connection whose program and destination are known, however it came: steered here by the kernel, or by `CONNECT` through the
 * proxy. Invariant: both are judged by the same lines; `settled` is called when it no longer waits for a handshake.
 */
export async function serveFlow(
  context: Context,
  front: HttpFront,
  flow: Flow,
  subject: Subject,
  settled: () => void,
): Promise<void> {
  const verdict = judgeConnection(flow.state.inForce.policy, flow, context.now());
  const denied = verdict.decision === "deny" && !verdict.addressPending;
  if (!denied && verdict.handling === "raw") {
    settled();
    flow.socket.allowHalfOpen = true;
    return relayRaw(context, flow);
  }
  if (denied) refuseFlow(context, flow, subject, verdict);
  const first = await peekFirstBytes(flow.socket);
  if (first === "closed") return resetSocket(flow.socket);
  if (first === "http") return front.serve(flow, flow.socket);
  if (first === "tls") {
    flow.secure = true;
    const result = await terminateTls(flow);
    if ("socket" in result) return front.serve(flow, result.socket);
    if (!denied)
      await refuse(context, flow.state, { ...subject, protocol: "tls" }, result.refused, { rule: verdict.rule });
    return resetSocket(flow.socket);
  }
  if (!denied) {
    const what =
      first === "silent" ? "The client waits for the server to speak" : "The client speaks neither TLS nor HTTP";
    await refuse(
      context,
      flow.state,
      subject,
      `${what}; this endpoint is inspected. Use \`protocol: tcp\` for other protocols.`,
      { rule: verdict.rule },
    );
  }
  resetSocket(flow.socket);
}
