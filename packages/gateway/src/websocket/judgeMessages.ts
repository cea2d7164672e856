import { type CompiledPolicy, decide, type PolicyDecision } from "@creel/policy";
import type { CheckedRequest } from "../http/checkRequest.ts";
import { asRecord } from "../http/headerRecord.ts";
import type { Prepared } from "../http/prepare.ts";
import { asRequest } from "../judgeConnection.ts";
import { refuse, settle } from "../settle.ts";
import type { Context, Flow, Subject } from "../state.ts";
import { keepAllowed } from "../upstream/resolve.ts";
import { requestTaker, withinLimits } from "../withinLimits.ts";
import { credentialsIn, type MessageRewrite, rewriteMessage } from "./rewriteMessage.ts";
import { WebSocketViolation } from "./violation.ts";

/** What a message is judged as; the policy language knows both words. */
type MessageMethod = "WEBSOCKET_TEXT" | "WEBSOCKET_BINARY";

/**
 * Judges each message of a client by itself, as a request with the upgrade's path and headers and the message as its body. Threat: an
 * upgrade that is allowed and then carries what is not. Invariant: each message has its line in the journal before it is sent on.
 */
export interface MessageJudge {
  passText(text: string): Promise<string>;
  passBinary(bytes: number): Promise<void>;
  /** Writes down why the WebSocket is closed where no message was judged. */
  writeViolation(violation: WebSocketViolation): Promise<void>;
}

export function createMessageJudge(parts: {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  prepared: Prepared;
  /** False: the policy lets messages pass unjudged, and they are read only for what changes in them. */
  judged: boolean;
}): MessageJudge {
  const { context, flow, request, prepared, judged: judging } = parts;
  const subjectOfMessage = (method: MessageMethod, credentials: readonly string[] = []): Subject => ({
    kind: "http",
    identity: flow.identity,
    host: flow.host,
    port: flow.port,
    protocol: flow.secure ? "wss" : "ws",
    method,
    path: request.target,
    credentials,
  });
  /** Lines that stand in the journal already. */
  const written = new WeakSet<WebSocketViolation>();

  function judgeOfMessage(method: MessageMethod, body?: string) {
    const judged = {
      ...asRequest(flow),
      method,
      path: request.target,
      headers: asRecord(request.headers),
      ...(body === undefined ? {} : { body }),
    };
    return (policy: CompiledPolicy): PolicyDecision =>
      keepAllowed(prepared.target, flow.host, (ip) =>
        decide(policy, ip === undefined ? judged : { ...judged, ip }, context.now()),
      ).decision;
  }

  async function pass(method: MessageMethod, bytes: number, body?: string): Promise<void> {
    if (!judging) return;
    const judge = judgeOfMessage(method, body);
    const take = requestTaker(context, flow);
    const carried = body === undefined ? [] : credentialsIn({ context, flow, request, text: body });
    const settled = await settle(context, flow.state, subjectOfMessage(method, carried), (policy) => {
      const decision = judge(policy);
      if (decision.decision !== "allow") return decision;
      const unspent = withinLimits(context, flow, policy, decision, "bytesProblem");
      if (unspent.decision !== "allow") return unspent;
      return take(policy, decision);
    });
    if (settled.seq !== null) context.sink.end(settled.seq, { bytesIn: 0, bytesOut: bytes, durationMs: 0 });
    if (settled.decision === "deny" || settled.seq === null) throw denied(settled.reason);
  }

  function denied(reason: string): WebSocketViolation {
    const violation = new WebSocketViolation(1008, reason);
    written.add(violation);
    return violation;
  }

  return {
    async passText(text) {
      const { inForce } = flow.state;
      await pass("WEBSOCKET_TEXT", Buffer.byteLength(text), text);
      const rewrite: MessageRewrite = { context, flow, request, text };
      const rewritten = await rewriteMessage(rewrite);
      const subject = subjectOfMessage("WEBSOCKET_TEXT");
      if ("text" in rewritten) {
        // Fetching a value may take seconds, in which the policy may have changed its mind about the message.
        const now = flow.state.inForce;
        const again = judging && now !== inForce ? judgeOfMessage("WEBSOCKET_TEXT", text)(now.policy) : null;
        if (again?.decision !== "deny") return rewritten.text;
        await refuse(context, flow.state, subject, again.reason, { rule: again.rule });
        throw denied(again.reason);
      }
      await refuse(context, flow.state, subject, rewritten.refused, { rule: "credentials" });
      throw denied(rewritten.refused);
    },
    passBinary: (bytes) => pass("WEBSOCKET_BINARY", bytes),
    async writeViolation(violation) {
      if (written.has(violation)) return;
      const reason = `This is not a strict WebSocket (${violation.message}).`;
      await refuse(context, flow.state, subjectOfMessage("WEBSOCKET_TEXT"), reason);
    },
  };
}
