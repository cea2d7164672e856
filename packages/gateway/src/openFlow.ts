import type { Socket } from "node:net";
import type { BinaryIdentity } from "@creel/protocol";
import type { Flow, SandboxState } from "./state.ts";

/** Registers what is under way towards one endpoint, so that a reload or the sandbox's end finds it; `onEnd` says when to let go of it. */
export function openFlow(parts: {
  state: SandboxState;
  socket: Socket;
  identity: BinaryIdentity;
  host: string;
  port: number;
  startedAt: number;
  secure?: boolean;
  onEnd: (over: () => void) => void;
}): Flow {
  const { onEnd, secure = false, ...rest } = parts;
  const flow: Flow = { ...rest, secure, refusal: null, held: [], exchanges: new Set() };
  flow.state.flows.add(flow);
  onEnd(() => flow.state.flows.delete(flow));
  return flow;
}
