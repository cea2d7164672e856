import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { CompiledPolicy } from "@creel/policy";
import type { BinaryIdentity } from "@creel/protocol";
import type { Leaves } from "./ca/leaves.ts";
import type { CredentialBinding } from "./credentials/bindings.ts";
import type { FakeNames } from "./dns/fakeNames.ts";
import type { DecisionSink } from "./journal/sink.ts";
import type { RateGate } from "./rateGate.ts";
import type { InferenceHandler, PolicyInForce, SandboxNetwork } from "./types.ts";
import type { Pools } from "./upstream/pools.ts";
import type { Resolver } from "./upstream/resolve.ts";
import type { Usage } from "./usage.ts";

/** What all sandboxes of one gateway share. */
export interface Context {
  sink: DecisionSink;
  labels: { org: string; node: string };
  now: () => number;
  resolver: Resolver;
  trust: SecureContext;
  router: InferenceHandler | null;
  problem: (text: string) => void;
}

/** One sandbox, as the gateway knows it. Only `inForce`, `credentials` and the counters ever change. */
export interface SandboxState {
  readonly id: string;
  readonly name: string;
  readonly network: SandboxNetwork;
  readonly names: FakeNames;
  readonly leaves: Leaves;
  readonly pools: Pools;
  readonly flows: Set<Flow>;
  readonly refusals: RateGate;
  readonly usage: Usage;
  inForce: PolicyInForce;
  credentials: readonly CredentialBinding[];
  pendingHandshakes: number;
  closed: boolean;
}

/** Something under way that a new policy may forbid. */
export interface Exchange {
  stillAllowed(policy: CompiledPolicy): boolean;
  /** Ends it at once, without a clean close. */
  cut(reason: string): void;
}

/** A connection was refused; what is said on it from now on is only why. */
export interface Refusal {
  rule: string | null;
  reason: string;
}

/** One TCP connection of a sandbox. */
export interface Flow {
  readonly state: SandboxState;
  readonly socket: Socket;
  readonly identity: BinaryIdentity;
  /** Canonical: the name behind the fake address, or the address itself. */
  readonly host: string;
  readonly port: number;
  readonly startedAt: number;
  secure: boolean;
  refusal: Refusal | null;
  readonly exchanges: Set<Exchange>;
}

/** The name under which the gateway tells a sandbox about itself. */
export const OWN_HOST = "creel.local";

/** RST, so that a half-sent answer is never taken for a whole one. */
export function resetSocket(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy();
}

export function cutFlow(flow: Flow, reason: string): void {
  for (const exchange of [...flow.exchanges]) exchange.cut(reason);
  resetSocket(flow.socket);
}
