import type { Duplex } from "node:stream";
import { INFERENCE_HOST } from "@creel/policy";
import { answerScrub } from "../credentials/ofAnswer.ts";
import { planOf } from "../judgeConnection.ts";
import { resetSocket } from "../resetSocket.ts";
import { refuse } from "../settle.ts";
import { type Context, type Flow, OWN_HOST, type Refusal } from "../state.ts";
import { asWebSocket, offerProblem } from "../websocket/handshake.ts";
import { rewritesMessages } from "../websocket/rewriteMessage.ts";
import { openTunnel } from "../websocket/tunnel.ts";
import { refusalBody } from "./answers.ts";
import type { RequestHead } from "./call.ts";
import { checkRequest } from "./checkRequest.ts";
import { valuesOf } from "./headerPair.ts";
import { prepare, subjectOf } from "./prepare.ts";
import { writeRefusal } from "./rawAnswers.ts";

/**
 * A request to leave HTTP. Only WebSocket, only where the policy allows it for this request; then bytes flow counted, and cut by
 * a reload; where the policy speaks of messages, each of the client's is judged (`src/websocket`).
 */
export async function onUpgrade(
  context: Context,
  flow: Flow,
  head: RequestHead,
  socket: Duplex,
  rest: Buffer,
): Promise<void> {
  socket.on("error", () => resetSocket(flow.socket));
  const asked = { method: head.method, path: head.target };
  const say = (refusal: Refusal) => writeRefusal(socket, "403 Forbidden", refusalBody(flow, refusal, asked));
  if (flow.refusal !== null) return say(await flow.refusal.tell(subjectOf(flow, asked)));
  const checked = checkRequest(head, flow);
  const request = "request" in checked ? asWebSocket(checked.request) : null;
  const plan = planOf(flow.state.inForce.policy, flow, context.now());
  const judged = plan?.webSocketText === true;
  const messages = request !== null && (judged || rewritesMessages(context, flow, request)) ? { judged } : null;
  const problem =
    "problem" in checked
      ? checked.problem
      : request === null || flow.host === OWN_HOST || flow.host === INFERENCE_HOST
        ? `An upgrade to ${valuesOf(head.headers, "upgrade").join(", ") || "a tunnel"} is not allowed here.`
        : messages === null
          ? null
          : offerProblem(request);
  if (problem !== null || request === null) {
    return say(
      await refuse(context, flow.state, subjectOf(flow, asked), problem ?? "This upgrade is not allowed here."),
    );
  }
  const prepared = await prepare(context, flow, request, null);
  if ("refused" in prepared) return say(prepared.refused);
  if ("failed" in prepared) return writeRefusal(socket, "502 Bad Gateway", JSON.stringify({ error: prepared.failed }));
  openTunnel({ context, flow, request, prepared, socket, head: rest, scrub: answerScrub(flow, request), messages });
}
