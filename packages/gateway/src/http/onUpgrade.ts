import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { refuse } from "../settle.ts";
import { type Context, type Flow, resetSocket } from "../state.ts";
import { refusalBody } from "./answers.ts";
import { subjectOf } from "./onRequest.ts";

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
  const settled =
    flow.refusal ??
    (await refuse(
      context,
      flow.state,
      subjectOf(flow, request),
      `This is not a strict HTTP/1.1 request (${problem}).`,
    ));
  writeRefusal(socket, "400 Bad Request", refusalBody(flow, settled, request));
  socket.once("finish", () => socket.destroy());
}

export async function refuseUpgrade(context: Context, flow: Flow, req: IncomingMessage, socket: Duplex): Promise<void> {
  const request = { method: req.method ?? null, path: req.url ?? null };
  const reason = `An upgrade to ${req.headers.upgrade ?? "a tunnel"} is not allowed here.`;
  const settled = flow.refusal ?? (await refuse(context, flow.state, subjectOf(flow, request), reason));
  writeRefusal(socket, "403 Forbidden", refusalBody(flow, settled, request));
  socket.once("error", () => resetSocket(flow.socket));
}
