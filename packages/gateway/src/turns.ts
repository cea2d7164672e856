import { PENDING_HANDSHAKES_MAX } from "./limits.ts";
import type { SandboxState } from "./state.ts";

/**
 * Who of a burst of connections is served. Threat: connections that come before the first of them is known to be one too many all get in.
 * Invariant: a connection has its place from the moment it is taken, so that no more are open than the bound says and those that came
 * first have it; of those, few are in their handshake at once and the others wait for it in the order they came.
 */
export type Turns = Pick<SandboxState, "flows" | "bounds" | "arriving" | "pendingHandshakes" | "handshakesWaiting">;

export const hasPlace = (state: Turns): boolean => state.flows.size + state.arriving < state.bounds.connections;

/** Counts a connection until it is a flow or gone; what comes back says that it is, and only its first call counts. */
export function arrive(state: Turns): () => void {
  state.arriving += 1;
  return once(() => {
    state.arriving -= 1;
  });
}

/** Resolves when its handshake may begin; what comes back must be called when it is over. */
export async function takeHandshake(state: Turns): Promise<() => void> {
  if (state.pendingHandshakes < PENDING_HANDSHAKES_MAX) state.pendingHandshakes += 1;
  else await new Promise<void>((resolve) => state.handshakesWaiting.add(resolve));
  return once(() => endHandshake(state));
}

/** Whoever waits longest has the turn from now on. */
export function endHandshake(state: Turns): void {
  const [next] = state.handshakesWaiting;
  if (next === undefined) {
    state.pendingHandshakes -= 1;
    return;
  }
  state.handshakesWaiting.delete(next);
  next();
}

function once(act: () => void): () => void {
  let acted = false;
  return () => {
    if (acted) return;
    acted = true;
    act();
  };
}
