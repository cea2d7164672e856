import { refusalBody } from "../http/answers.ts";
import type { RequestHead } from "../http/call.ts";
import type { HttpFront } from "../http/front.ts";
import { valuesOf } from "../http/headerPair.ts";
import { subjectOf } from "../http/prepare.ts";
import { writeRefusal } from "../http/rawAnswers.ts";
import { PENDING_HANDSHAKES_MAX } from "../limits.ts";
import { openFlow } from "../openFlow.ts";
import { resetSocket } from "../resetSocket.ts";
import { serveFlow } from "../serveFlow.ts";
import { refuse } from "../settle.ts";
import type { Context, Flow, Subject } from "../state.ts";
import { endHandshake } from "../turns.ts";
import { readAuthority } from "./authority.ts";
import { type Destination, destinationOf } from "./destination.ts";

/**
 * `CONNECT host:port`. The client is told at once that the tunnel stands; then the tunnel is the connection to that host and port, and
 * whatever is said in it (TLS, plain HTTP, another protocol, a second `CONNECT`) meets what a direct connection would meet. A denied one
 * is heard and refused in the tunnel's own protocol, so that the client reads the reason instead of "the proxy failed".
 */
export async function onConnect(parts: {
  context: Context;
  front: HttpFront;
  flow: Flow;
  head: RequestHead;
  rest: Buffer;
}): Promise<void> {
  const { context, front, flow: proxied, head, rest } = parts;
  const { state, socket, identity } = proxied;
  const destination = connectDestination(proxied, head);
  if ("problem" in destination) return refuseConnect(context, proxied, head, destination.problem);
  if (state.pendingHandshakes >= PENDING_HANDSHAKES_MAX)
    return refuseConnect(
      context,
      proxied,
      head,
      "The sandbox has too many connections open, or refused and not written down yet.",
    );
  state.flows.delete(proxied);
  const startedAt = context.now();
  const flow = openFlow({
    ...destination,
    state,
    socket,
    identity,
    startedAt,
    onEnd: (over) => socket.once("close", over),
  });
  if (socket.destroyed || state.closed) {
    state.flows.delete(flow);
    return resetSocket(socket);
  }
  socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
  // What the client sent ahead of the answer belongs to the tunnel.
  if (rest.length > 0) socket.unshift(rest);
  const subject: Subject = {
    kind: "connect",
    identity,
    ...destination,
    protocol: "tcp",
    method: null,
    path: null,
  };
  state.pendingHandshakes += 1;
  let pending = true;
  const settled = () => {
    if (pending) endHandshake(state);
    pending = false;
  };
  try {
    await serveFlow(context, front, flow, subject, settled);
  } finally {
    settled();
  }
}

function connectDestination(proxied: Flow, head: RequestHead): Destination {
  const destination = destinationOf(proxied, readAuthority(head.target, null));
  if ("problem" in destination) return destination;
  const pairs = head.headers;
  if (valuesOf(pairs, "content-length").length > 0 || valuesOf(pairs, "transfer-encoding").length > 0)
    return { problem: "A CONNECT with a body could be read in two ways." };
  const hosts = valuesOf(pairs, "host");
  const named = hosts.map((host) => readAuthority(host, destination.port));
  const asked = readAuthority(head.target, null);
  // Some clients leave the port out of Host, and HTTP/1.0 leaves out all of it.
  const agrees = named.every((host) => host?.written === asked?.written && host?.port === asked?.port);
  return hosts.length > 1 || !agrees
    ? { problem: "The Host header of the CONNECT names another place than the CONNECT." }
    : destination;
}

async function refuseConnect(context: Context, proxied: Flow, head: RequestHead, problem: string): Promise<void> {
  const asked = { method: "CONNECT", path: head.target };
  const settled = await refuse(context, proxied.state, subjectOf(proxied, asked), problem);
  writeRefusal(proxied.socket, "403 Forbidden", refusalBody(proxied, settled, asked));
}
