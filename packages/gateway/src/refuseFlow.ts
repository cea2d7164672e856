import type { PolicyDecision } from "@creel/policy";
import { REFUSAL_LINGER_MS } from "./limits.ts";
import { resetSocket } from "./resetSocket.ts";
import { refuse, type Settled } from "./settle.ts";
import type { Context, Flow, Subject } from "./state.ts";

/**
 * A connection that policy denies is heard before it is cut: what it asks for makes its line in the journal one that a person can
 * act on, and a client that speaks HTTP reads why. Invariant: nothing of it goes anywhere; it leaves exactly one line, by the policy
 * that denied it: its first request, or, when the connection ends without one, the connection.
 */
export function refuseFlow(context: Context, flow: Flow, subject: Subject, verdict: PolicyDecision): void {
  const { state, socket } = flow;
  const { inForce } = state;
  let told: Promise<Settled> | null = null;
  const tell = (asked: Subject) => {
    told ??= refuse(context, state, asked, verdict.reason, { rule: verdict.rule, inForce });
    return told;
  };
  flow.refusal = { rule: verdict.rule, reason: verdict.reason, tell };
  setTimeout(() => resetSocket(socket), REFUSAL_LINGER_MS).unref();
  const written = new Promise<void>((resolve) => {
    socket.once("close", () => {
      const end = { ...subject, protocol: flow.secure ? "tls" : subject.protocol };
      void tell(end).then(() => {
        state.refusing.delete(written);
        resolve();
      });
    });
  });
  state.refusing.add(written);
}
