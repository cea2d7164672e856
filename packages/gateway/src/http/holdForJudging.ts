import type { CompiledPolicy, PolicyDecision } from "@creel/policy";
import { judgeConnection } from "../judgeConnection.ts";
import { refuse } from "../settle.ts";
import type { Context, Flow, Subject } from "../state.ts";
import { NO_PLACE, type Place, takePlace } from "../withinLimits.ts";
import { answerRefusal } from "./answers.ts";
import { type NotHeld, notHeld, readBody } from "./bodyForPolicy.ts";
import type { Call } from "./call.ts";
import type { CheckedRequest } from "./checkRequest.ts";

export interface Holding {
  context: Context;
  flow: Flow;
  request: CheckedRequest;
  call: Call;
  subject: Subject;
  /** 0: nothing has to be held. */
  bytesMax: number;
  /** What can be said of the head alone; null where every decision needs the body. */
  judgeHead: ((policy: CompiledPolicy) => PolicyDecision) | null;
}

export interface HeldRequest {
  /** Null: not needed, it streams. */
  body: Buffer | null | Extract<NotHeld, "too-large">;
  place: Place;
}

/**
 * Holds a body that has to be judged. Invariant: whoever may not connect, may not ask this, or has asked too often is refused before the
 * first byte is held. Null: refused, written down and answered.
 */
export async function holdForJudging(holding: Holding): Promise<HeldRequest | null> {
  const { context, flow, request, call, bytesMax } = holding;
  if (bytesMax <= 0 || request.body === "none") return { body: null, place: NO_PLACE };
  const { policy } = flow.state.inForce;
  const connection = judgeConnection(policy, flow, context.now());
  if (connection.decision === "deny" && !connection.addressPending) return answer(holding, connection);
  const head = connection.addressPending ? undefined : holding.judgeHead?.(policy);
  if (head?.decision === "deny") return answer(holding, head);
  const place = takePlace(context, flow);
  if ("decision" in place) return answer(holding, place);
  const body = await readBody(call, { state: flow.state, bytesMax });
  if (typeof body !== "string" || body === "too-large") return { body, place };
  return answer(holding, notHeld[body], { status: notHeld[body].status });
}

interface Unheld {
  rule: string | null;
  reason: string;
  retryAfterSeconds?: number | undefined;
}

async function answer(holding: Holding, why: Unheld, how: { status?: number } = {}): Promise<null> {
  const { context, flow, request, call, subject } = holding;
  const { rule, reason, retryAfterSeconds } = why;
  const settled = await refuse(context, flow.state, subject, reason, { rule });
  const asked = { method: request.method, path: request.target };
  // The rest is read and thrown away, so that a client in the middle of it reads this; one that never ends it is cut.
  answerRefusal(call, flow, { ...settled, retryAfterSeconds }, asked, { close: how.status === 408, ...how });
  return null;
}
