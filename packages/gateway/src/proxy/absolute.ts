import type { Duplex } from "node:stream";
import { answerRefusal, refusalBody } from "../http/answers.ts";
import type { Call, RequestHead } from "../http/call.ts";
import { onRequest } from "../http/onRequest.ts";
import { onUpgrade } from "../http/onUpgrade.ts";
import { subjectOf } from "../http/prepare.ts";
import { writeRefusal } from "../http/rawAnswers.ts";
import { judgeConnection } from "../judgeConnection.ts";
import { openFlow } from "../openFlow.ts";
import { refuse, type Settled } from "../settle.ts";
import type { Context, Flow, Subject } from "../state.ts";
import { readAbsoluteForm } from "./authority.ts";
import { destinationOf } from "./destination.ts";

/**
 * Requests in absolute form (`GET http://host/path`). Each is served as if it had come on a connection of its own to that host; the
 * Host header must say the same, which the check of every request sees to. `https` in the target means TLS from here on.
 */
export async function onProxiedRequest(context: Context, proxied: Flow, call: Call): Promise<void> {
  const { method, target } = call.head;
  const opened = openProxied(context, proxied, target, (over) => call.onGone(over));
  if ("flow" in opened) return onRequest(context, opened.flow, call);
  const asked = { method, path: target };
  const settled = await refuse(context, proxied.state, subjectOf(proxied, asked), opened.problem);
  answerRefusal(call, proxied, settled, asked, { close: true });
}

export async function onProxiedUpgrade(
  context: Context,
  proxied: Flow,
  head: RequestHead,
  socket: Duplex,
  rest: Buffer,
): Promise<void> {
  const opened = openProxied(context, proxied, head.target, (over) => proxied.socket.once("close", over));
  if ("flow" in opened) return onUpgrade(context, opened.flow, head, socket, rest);
  const asked = { method: head.method, path: head.target };
  const settled = await refuse(context, proxied.state, subjectOf(proxied, asked), opened.problem);
  writeRefusal(socket, "403 Forbidden", refusalBody(proxied, settled, asked));
}

function openProxied(
  context: Context,
  proxied: Flow,
  raw: string,
  onEnd: (over: () => void) => void,
): { flow: Flow } | { problem: string } {
  const target = readAbsoluteForm(raw);
  const destination = destinationOf(proxied, target);
  if ("problem" in destination) return destination;
  const { state, socket, identity } = proxied;
  const startedAt = context.now();
  const flow = openFlow({
    ...destination,
    state,
    socket,
    identity,
    startedAt,
    secure: target?.secure === true,
    onEnd,
  });
  const { inForce } = state;
  const verdict = judgeConnection(inForce.policy, flow, context.now());
  if (verdict.decision === "deny" && !verdict.addressPending) {
    const { rule, reason } = verdict;
    let told: Promise<Settled> | null = null;
    const tell = (asked: Subject) => {
      told ??= refuse(context, state, asked, reason, { rule, inForce });
      return told;
    };
    flow.refusal = { rule, reason, tell };
  }
  return { flow };
}
