import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import type { CompiledPolicy } from "@creel/policy";
import type { BinaryIdentity, DecisionRecord } from "@creel/protocol";
import type { GivenBounds, SandboxBounds } from "./bounds.ts";
import type { Leaves } from "./ca/leaves.ts";
import type { CredentialStore } from "./credentials/store.ts";
import type { NameTable } from "./dns/fakeNames.ts";
import type { UnusedNames } from "./dns/unusedNames.ts";
import type { SandboxExceptions } from "./exceptions/ofSandbox.ts";
import type { ExceptionUses } from "./exceptions/uses.ts";
import type { DecisionSink } from "./journal/sink.ts";
import type { SandboxRequests } from "./own/requests.ts";
import type { RateGate } from "./rateGate.ts";
import { resetSocket } from "./resetSocket.ts";
import type { Throttle } from "./throttle.ts";
import type { Traffic } from "./traffic.ts";
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
  uses: ExceptionUses;
  problem: (text: string) => void;
}

/** One sandbox, as the gateway knows it. Only `inForce`, the bounds and the counters ever change. */
export interface SandboxState {
  readonly id: string;
  readonly name: string;
  readonly network: SandboxNetwork;
  readonly names: NameTable;
  readonly unusedNames: UnusedNames;
  readonly leaves: Leaves;
  readonly pools: Pools;
  readonly flows: Set<Flow>;
  readonly refusals: RateGate;
  /** Refused connections whose line is not written yet. */
  readonly refusing: Set<Promise<void>>;
  readonly usage: Usage;
  readonly traffic: Traffic;
  /** The policy with the exceptions beside it. */
  inForce: PolicyInForce;
  /** The same without exceptions. */
  policy: CompiledPolicy;
  readonly exceptions: SandboxExceptions;
  readonly requests: SandboxRequests;
  readonly credentials: CredentialStore;
  readonly throttle: Throttle;
  /** What the policy in force and whoever runs the sandbox leave it. */
  bounds: SandboxBounds;
  given: GivenBounds;
  pendingHandshakes: number;
  /** Connections whose turn for a handshake comes, in their order. */
  readonly handshakesWaiting: Set<() => void>;
  /** Connections that were taken and are no flow yet: who opened them is still asked. */
  arriving: number;
  overflowRefusals: number;
  /** Requests under way in HTTP/2. */
  streams: number;
  closed: boolean;
}

/** Something under way that a new policy may forbid. */
export interface Exchange {
  stillAllowed(policy: CompiledPolicy): boolean;
  /** Ends it at once, without a clean close. */
  cut(reason: string): void;
}

/** What is being decided, apart from the answer. */
export interface Subject {
  kind: DecisionRecord["kind"];
  identity: BinaryIdentity | null;
  host: string;
  port: number;
  protocol: string;
  method: string | null;
  path: string | null;
  /** Names of the credentials that the request carries. */
  credentials?: readonly string[];
}

export interface Refusal {
  rule: string | null;
  reason: string;
  /** It was one too many, and will not be one then. */
  retryAfterSeconds?: number | undefined;
}

/** A connection was refused; what is said on it from now on is only why. */
export interface FlowRefusal extends Refusal {
  /** Writes its line; only the first call does. */
  tell(asked: Subject): Promise<Refusal>;
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
  refusal: FlowRefusal | null;
  /** Exceptions for once that were used on it. */
  readonly held: string[];
  readonly exchanges: Set<Exchange>;
}

/** The name under which the gateway tells a sandbox about itself. */
export const OWN_HOST = "creel.local";
/** Where a client that insists on a proxy finds one. No process inside answers: like every connection this one is steered to us. */
export const PROXY_HOST = "proxy.creel.local";
/** The port that proxies have had since Squid. */
export const PROXY_PORT = 3128;

export function cutFlow(flow: Flow, reason: string): void {
  for (const exchange of [...flow.exchanges]) exchange.cut(reason);
  resetSocket(flow.socket);
}
