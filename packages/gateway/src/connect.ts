import type { Socket } from "node:net";
import { canonicalHost } from "@creel/policy";
import type { BinaryIdentity } from "@creel/protocol";
import { isFakeAddress } from "./dns/fakeNames.ts";
import type { HttpFront } from "./http/front.ts";
import { judgeConnection } from "./judgeConnection.ts";
import {
  IDENTITY_TIMEOUT_MS,
  OVERFLOW_REFUSALS_WAITING_MAX,
  PENDING_HANDSHAKES_MAX,
  REFUSALS_WAITING_MAX,
  SOCKETS_PER_SANDBOX_MAX,
} from "./limits.ts";
import { peekFirstBytes } from "./peek.ts";
import { relayRaw } from "./raw.ts";
import { refuseFlow } from "./refuseFlow.ts";
import { refuse } from "./settle.ts";
import { type Context, type Flow, resetSocket, type SandboxState, type Subject } from "./state.ts";
import { terminateTls } from "./terminateTls.ts";
import type { ConnectionTuple } from "./types.ts";

/**
 * A connection of a sandboxed program. Invariant: without a name (or address), a program somebody vouched for, a policy that plans
 * the endpoint and a line in the journal, nothing is sent anywhere; the default of every branch is a reset.
 */
export async function onConnection(
  context: Context,
  state: SandboxState,
  front: HttpFront,
  socket: Socket,
): Promise<void> {
  socket.on("error", () => resetSocket(socket));
  // Answers are written head first; waiting for the client's acknowledgement between the two would cost 40 ms a request.
  socket.setNoDelay(true);
  const tuple = tupleOf(socket);
  if (tuple === null || state.closed) return resetSocket(socket);
  const address = canonicalHost(tuple.localAddress);
  if (address === null) return resetSocket(socket);
  const name = isFakeAddress(address) ? state.names.nameOf(address) : address;
  const subject: Subject = {
    kind: "connect",
    identity: null,
    host: name ?? address,
    port: tuple.localPort,
    protocol: "tcp",
    method: null,
    path: null,
  };
  if (
    state.flows.size >= SOCKETS_PER_SANDBOX_MAX ||
    state.pendingHandshakes >= PENDING_HANDSHAKES_MAX ||
    state.refusals.waiting() >= REFUSALS_WAITING_MAX
  ) {
    // Reset first: the line may have to wait, and a held socket would be a descriptor that the sandbox takes from the host.
    resetSocket(socket);
    return refuseOverflow(context, state, subject);
  }
  state.pendingHandshakes += 1;
  let pending = true;
  const settled = () => {
    if (pending) state.pendingHandshakes -= 1;
    pending = false;
  };
  try {
    const identity = await identityOf(context, state, tuple);
    if (identity === null) {
      await refuse(context, state, subject, "The kernel has no record of who opened this connection.");
      return resetSocket(socket);
    }
    if (name === null) {
      await refuse(
        context,
        state,
        { ...subject, identity },
        "This address stands for no name; look the name up again.",
      );
      return resetSocket(socket);
    }
    const flow = openFlow({ context, state, socket, identity, host: name, port: tuple.localPort });
    // While we asked, the program may have gone, or the sandbox with everything that cuts its flows.
    if (socket.destroyed || state.closed) {
      state.flows.delete(flow);
      return resetSocket(socket);
    }
    state.unusedNames.connected(name);
    await serveFlow(context, front, flow, { ...subject, identity }, settled);
  } catch (error) {
    context.problem(
      `A connection of sandbox ${state.name} was cut: ${error instanceof Error ? error.message : "unknown"}`,
    );
    resetSocket(socket);
  } finally {
    settled();
  }
}

/** Connections above the bound leave a line each as long as the journal keeps up; a flood's further lines would say the same. */
async function refuseOverflow(context: Context, state: SandboxState, subject: Subject): Promise<void> {
  if (state.overflowRefusals >= OVERFLOW_REFUSALS_WAITING_MAX) return;
  state.overflowRefusals += 1;
  await refuse(
    context,
    state,
    subject,
    "The sandbox has too many connections open, or refused and not written down yet.",
  );
  state.overflowRefusals -= 1;
}

function tupleOf(socket: Socket): ConnectionTuple | null {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (
    localAddress === undefined ||
    localPort === undefined ||
    remoteAddress === undefined ||
    remotePort === undefined
  ) {
    return null;
  }
  return { localAddress, localPort, remoteAddress, remotePort };
}

async function identityOf(
  context: Context,
  state: SandboxState,
  tuple: ConnectionTuple,
): Promise<BinaryIdentity | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), IDENTITY_TIMEOUT_MS);
  });
  try {
    return await Promise.race([state.network.who(tuple), late]);
  } catch (error) {
    context.problem(
      `Sandbox ${state.name}: who connected is unknown (${error instanceof Error ? error.message : "unknown"}).`,
    );
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function openFlow(parts: {
  context: Context;
  state: SandboxState;
  socket: Socket;
  identity: BinaryIdentity;
  host: string;
  port: number;
}): Flow {
  const { context, state, socket, identity, host, port } = parts;
  const flow: Flow = {
    state,
    socket,
    identity,
    host,
    port,
    startedAt: context.now(),
    secure: false,
    refusal: null,
    exchanges: new Set(),
  };
  state.flows.add(flow);
  socket.once("close", () => state.flows.delete(flow));
  return flow;
}

async function serveFlow(
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
