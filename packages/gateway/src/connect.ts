import type { Socket } from "node:net";
import { canonicalHost } from "@creel/policy";
import type { BinaryIdentity } from "@creel/protocol";
import { hostBehind } from "./dns/fakeNames.ts";
import type { HttpFront } from "./http/front.ts";
import { IDENTITY_TIMEOUT_MS, OVERFLOW_REFUSALS_WAITING_MAX, REFUSALS_WAITING_MAX } from "./limits.ts";
import { openFlow } from "./openFlow.ts";
import type { ProxyFront } from "./proxy/front.ts";
import { resetSocket } from "./resetSocket.ts";
import { serveFlow } from "./serveFlow.ts";
import { refuse } from "./settle.ts";
import { type Context, PROXY_HOST, type SandboxState, type Subject } from "./state.ts";
import { throttleSocket } from "./throttledSocket.ts";
import { arrive, hasPlace, takeHandshake } from "./turns.ts";
import type { ConnectionTuple } from "./types.ts";

/**
 * A connection of a sandboxed program. Invariant: without a name (or address), a program somebody vouched for, a policy that plans
 * the endpoint and a line in the journal, nothing is sent anywhere; the default of every branch is a reset.
 */
export async function onConnection(
  context: Context,
  state: SandboxState,
  fronts: { http: HttpFront; proxy: ProxyFront },
  socket: Socket,
): Promise<void> {
  socket.on("error", () => resetSocket(socket));
  // Answers are written head first; waiting for the client's acknowledgement between the two would cost 40 ms a request.
  socket.setNoDelay(true);
  const tuple = tupleOf(socket);
  if (tuple === null || state.closed) return resetSocket(socket);
  const address = canonicalHost(tuple.localAddress);
  if (address === null) return resetSocket(socket);
  const name = hostBehind(state.names, address);
  const subject: Subject = {
    kind: "connect",
    identity: null,
    host: name ?? address,
    port: tuple.localPort,
    protocol: "tcp",
    method: null,
    path: null,
  };
  // Reset first: the line may have to wait, and a held socket would be a descriptor that the sandbox takes from the host.
  const refuseOne = () => {
    resetSocket(socket);
    return refuseOverflow(context, state, subject);
  };
  if (!hasPlace(state) || state.refusals.waiting() >= REFUSALS_WAITING_MAX) return refuseOne();
  const arrived = arrive(state);
  const settled = await takeHandshake(state);
  try {
    if (socket.destroyed || state.closed) return resetSocket(socket);
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
    // Below TLS and every protocol, so that none gets around it.
    const carried = state.bounds.bytesPerSecond === null ? socket : throttleSocket(socket, state.throttle);
    if (carried !== socket) carried.on("error", () => resetSocket(carried));
    arrived();
    // A reload may have left it no place since it was taken.
    if (!hasPlace(state)) return await refuseOne();
    const flow = openFlow({
      state,
      socket: carried,
      identity,
      host: name,
      port: tuple.localPort,
      startedAt: context.now(),
      onEnd: (over) => socket.once("close", over),
    });
    // While we asked, the program may have gone, or the sandbox with everything that cuts its flows.
    if (socket.destroyed || state.closed) {
      state.flows.delete(flow);
      return resetSocket(socket);
    }
    state.unusedNames.connected(name);
    const known = { ...subject, identity };
    if (name === PROXY_HOST) await fronts.proxy.serve(flow, known);
    else await serveFlow(context, fronts.http, flow, known, settled);
  } catch (error) {
    context.problem(
      `A connection of sandbox ${state.name} was cut: ${error instanceof Error ? error.message : "unknown"}`,
    );
    resetSocket(socket);
  } finally {
    settled();
    arrived();
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
