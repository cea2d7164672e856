import type { Duplex } from "node:stream";
import { REFUSAL_LINGER_MS } from "../limits.ts";
import { refuse } from "../settle.ts";
import type { Context, Flow } from "../state.ts";
import { refusalBody } from "./answers.ts";
import { subjectOf } from "./prepare.ts";

/**
 * Says why on a socket that nobody reads any more, and closes it. What the client said ahead and still says is dropped: unread, it would
 * hide the client's end, and the connection would count against its sandbox for ever.
 */
export function writeRefusal(socket: Duplex, status: string, body: string): void {
  endWith(socket, status, body);
  socket.resume();
  const lingering = setTimeout(() => socket.destroy(), REFUSAL_LINGER_MS).unref();
  socket.once("close", () => clearTimeout(lingering));
}

function endWith(socket: Duplex, status: string, body: string): void {
  if (socket.destroyed || !socket.writable) return void socket.destroy();
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n` +
      `x-creel-decision: deny\r\nconnection: close\r\n\r\n${body}`,
  );
}

export async function refuseMalformed(context: Context, flow: Flow, socket: Duplex, problem: string): Promise<void> {
  socket.pause();
  const request = { method: null, path: null };
  const subject = subjectOf(flow, request);
  const settled =
    flow.refusal === null
      ? await refuse(context, flow.state, subject, `This is not a strict HTTP/1.1 request (${problem}).`)
      : await flow.refusal.tell(subject);
  endWith(socket, "400 Bad Request", refusalBody(flow, settled, request));
  socket.once("finish", () => socket.destroy());
}
