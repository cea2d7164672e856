import type { Duplex } from "node:stream";
import { refuse } from "../settle.ts";
import type { Context, Flow } from "../state.ts";
import { refusalBody } from "./answers.ts";
import { subjectOf } from "./prepare.ts";

/** Says why on a socket that has no response object, and closes it. */
export function writeRefusal(socket: Duplex, status: string, body: string): void {
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
  writeRefusal(socket, "400 Bad Request", refusalBody(flow, settled, request));
  socket.once("finish", () => socket.destroy());
}
